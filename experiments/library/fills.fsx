// What a model writes in place of the middle sentence of a story, told how many tokens the true one has.
#r "../Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "stories.fsx"
#load "scores.fsx"

open A3
open Scores

/// What a model is told of the story, as a template that holds the gap.
let bothSides (story: Story) gap =
    [ TemplatePart.Given story.Before; gap; TemplatePart.Given story.After ]

let leftSide (story: Story) gap =
    [ TemplatePart.Given story.Before; gap ]

let rearranged (story: Story) gap =
    [ TemplatePart.Given(Stories.rearrange story.Before story.After ""); gap ]

/// How it writes.
type Way =
    /// One token at a time through the query stream.
    | LeftToRight
    /// One token at a time through the content stream.
    | Causally
    /// The token it is surest of at each step, everything read anew as one group.
    | ByConfidence

/// Text and nothing else: no end of text, which would make the fill shorter, and no sentinel.
let private textOnly (tokenizer: ITokenizer) =
    [ tokenizer.BosId; tokenizer.EosId ]
    |> List.choose Option.ofNullable
    |> List.append (Stories.sentinelTokens tokenizer)
    |> TokenConstraint.Except

let private options way sampling seed tokenizer =
    let policy =
        match way with
        | ByConfidence -> A3.Policy.Parse "confidence | constant 1"
        | LeftToRight
        | Causally -> Unchecked.defaultof<A3.Policy>

    DecodingOptions(
        Policy = policy,
        Reference = (way = ByConfidence),
        Causal = (way = Causally),
        Sampling = sampling,
        Seed = seed,
        Constraint = textOnly tokenizer
    )

/// The fill and the passes it took. Each story has a seed of its own.
let write told way sampling (seed: int) (model: A3Model) story =
    let gap = TemplatePart.Gap (middleTokens model story).Length
    let options = options way sampling (int64 (seed + story.Index)) model.Tokenizer
    let filled = model.Infill(Template.Of(told story gap: TemplatePart list), options)
    filled.Gaps[0].Text, filled.ForwardPasses

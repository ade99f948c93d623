// How probable a story and its middle sentence are to a model, in bits, by each way of reading that the models have.
#r "../Cli/bin/Release/net10.0/A3.Model.dll"
#r "../Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "stories.fsx"
#load "bound.fsx"

open System
open A3
open A3.Model

/// A story of at least three sentences, of which the middle one is the gap.
type Story =
    {
        Index: int
        Sentences: string[]
    }

    member private story.Gap = story.Sentences.Length / 2
    member story.Before = String.Concat story.Sentences[.. story.Gap - 1]
    member story.Middle = story.Sentences[story.Gap]
    member story.After = String.Concat story.Sentences[story.Gap + 1 ..]
    member story.Text = String.Concat story.Sentences

/// BOS and the tokens of a story, and the positions of its middle sentence.
let encode (model: A3Model) (story: Story) =
    let before = model.Tokenizer.Encode(story.Before, true)
    let middle = model.Tokenizer.EncodeContinuation story.Middle
    let after = model.Tokenizer.EncodeContinuation story.After
    Array.concat [ before; middle; after ], Array.init middle.Length ((+) before.Length)

let middleTokens (model: A3Model) (story: Story) =
    model.Tokenizer.EncodeContinuation story.Middle

let private bits (scores: seq<TokenScore>) =
    -(scores |> Seq.sumBy _.LogProbability) / log 2.0

let private positions (tokens: int[]) = Array.init tokens.Length id

let private leftToRight = Grouping.singletons Order.LeftToRight

/// Through the query stream, under a grouping of what the shape leaves open.
let private grouped (model: A3Model) tokens grouping shape =
    let partition = Grouping.resolve shape grouping

    let groups =
        A3.Partition.OfGroups(Partition.groups partition, Partition.evidenceGroups partition)

    model.Score((tokens: int[]), groups).Tokens |> bits

let story grouping model story =
    let tokens, _ = encode model story

    SequenceLayout.ofLength tokens.Length
    |> SequenceLayout.given [ 0 ]
    |> grouped model tokens grouping

/// The middle sentence left to right, both sides given as `reading` does.
let middle reading model story =
    let tokens, gap = encode model story

    SequenceLayout.ofLength tokens.Length
    |> reading (positions tokens |> Array.except gap)
    |> grouped model tokens leftToRight

/// The middle sentence left to right, the text before it given, each token seeing those before it.
let middleFromLeft model story =
    let tokens, gap = encode model story
    let tokens = Array.truncate (Array.last gap + 1) tokens

    SequenceLayout.ofLength tokens.Length
    |> SequenceLayout.givenCausally (positions tokens |> Array.except gap)
    |> grouped model tokens leftToRight

/// The last tokens of a text through the content stream; throws where they are not `target`, because models are compared on
/// the same tokens.
let private causal (model: A3Model) text (target: int[]) =
    let scores = model.ScoreCausal(text: string).Tokens
    let last = scores |> Seq.skip (scores.Length - target.Length) |> Array.ofSeq

    if last |> Array.map _.Token <> target then
        failwith
            $"the tokenizer cuts '{model.Tokenizer.DecodeContinuation(ReadOnlySpan target)}' differently in its story."

    bits last

let storyCausal (model: A3Model) (story: Story) =
    model.Tokenizer.Encode(story.Text, false) |> causal model story.Text

let middleCausal model (story: Story) =
    middleTokens model story |> causal model (story.Before + story.Middle)

let middleRearranged model (story: Story) =
    middleTokens model story
    |> causal model (Stories.rearrange story.Before story.After story.Middle)

/// Some positions, ascending, each given all others as one group: a step of masked diffusion.
let each (model: A3Model) (tokens: int[]) (hidden: int[]) =
    let given = positions tokens |> Array.except hidden

    model.Score(tokens, A3.Partition.OfGroups([| given; hidden |], 1)).Tokens
    |> Seq.map (fun score -> bits [ score ])
    |> Array.ofSeq

let private together model tokens = each model tokens >> Array.sum

let private seedOf seed (story: Story) =
    Seed.ofInt seed |> Seed.derive (int64 story.Index)

let storyBound draws seed model story =
    let tokens, _ = encode model story

    together model tokens
    |> Bound.estimate draws (seedOf seed story) (positions tokens |> Array.skip 1)

let middleBound draws seed model story =
    let tokens, gap = encode model story
    together model tokens |> Bound.estimate draws (seedOf seed story) gap

/// The middle sentence left to right, everything before each of its tokens and everything behind it given as one group: what a
/// network that only knows such groups says exactly, at a pass per token.
let middleReread model story =
    let tokens, gap = encode model story
    let around = positions tokens |> Array.except gap

    gap
    |> Array.mapi (fun index position ->
        let given = Array.append around (Array.truncate index gap)
        model.Score(tokens, [ position ], given, A3.Grouping.AllAtOnce).Tokens |> bits)
    |> Array.sum

// The rows of the table of evaluate.fsx, and how each kind of model gets them.
#r "../Cli/bin/Release/net10.0/A3.Model.dll"
#r "../Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "rouge.fsx"
#load "scores.fsx"
#load "fills.fsx"

open System.Text
open A3
open A3.Model
open A3.Runtime.Networks
open Scores
open Fills

let seed = 1

/// Draws of the bound for each story.
let draws = 8

/// What a model may be: of any order, causal, causal on rearranged text, masked diffusion.
let kinds = [ "a3"; "ar"; "fim"; "diffusion" ]

/// Rows of the table, and how each kind of model gets them: of every story a numerator and a denominator for each row, which
/// are summed over the stories before they are divided.
type Measure =
    {
        Rows: string list
        Of: Map<string, A3Model -> Story -> (float * float) list>
    }

let bitsPerByte row ways =
    let perByte bits model (story: Story) text =
        [ (bits model story, float (Encoding.UTF8.GetByteCount(text story: string))) ]

    fun text ->
        {
            Rows = [ row ]
            Of =
                ways
                |> List.map (fun (kind, bits) -> kind, (fun model story -> perByte bits model story text))
                |> Map
        }

let ofStory row ways = bitsPerByte $"story, {row}" ways _.Text

let ofMiddle row ways =
    bitsPerByte $"middle sentence, {row}" ways _.Middle

/// ROUGE of the fills and the passes of one.
let fills name sampling =
    let judge told way model story =
        let text, passes = write told way sampling seed model story

        [
            Rouge.grams 1 story.Middle text, 1.0
            Rouge.grams 2 story.Middle text, 1.0
            Rouge.longest story.Middle text, 1.0
            float passes, 1.0
        ]

    {
        Rows =
            [ "ROUGE-1"; "ROUGE-2"; "ROUGE-L"; "passes" ]
            |> List.map (fun row -> $"{name}, {row}")
        Of =
            Map
                [
                    "a3", judge bothSides LeftToRight
                    "ar", judge leftSide Causally
                    "fim", judge rearranged Causally
                    "diffusion", judge bothSides ByConfidence
                ]
    }

let random size =
    story (Grouping.chunks size (Order.Random(int64 seed)))

let measures =
    [
        ofStory
            "left to right"
            [
                "a3", story (Grouping.singletons Order.LeftToRight)
                "ar", storyCausal
                "fim", storyCausal
            ]
        ofStory "random order" [ ("a3", random 1) ]
        ofStory "random groups of 2" [ ("a3", random 2) ]
        ofStory "random groups of 4" [ ("a3", random 4) ]
        ofStory "random groups of 8" [ ("a3", random 8) ]
        ofStory "mean over orders, at most (1)" [ ("diffusion", storyBound draws seed) ]
        ofMiddle "left side given" [ "a3", middleFromLeft; "ar", middleCausal ]
        ofMiddle "both sides, one group" [ ("a3", middle SequenceLayout.given) ]
        ofMiddle "both sides, causal" [ ("a3", middle SequenceLayout.givenCausally) ]
        ofMiddle "both sides, rearranged (2)" [ ("fim", middleRearranged) ]
        ofMiddle "both sides, at most (1)" [ ("diffusion", middleBound draws seed) ]
        ofMiddle "both sides, one by one (3)" [ ("diffusion", middleReread) ]
        fills "greedy fill (4)" SamplingOptions.Greedy
        fills "sampled fill (5)" (SamplingOptions(Temperature = 1.0, TopP = 0.95))
    ]

let notes =
    [
        $"(1) upper bound of masked diffusion, {draws} draws a story; its cost of the text is at most this"
        "(2) fill-in-the-middle form; the mark that ends the middle is not counted"
        "(3) left to right, everything known read anew as one group, a pass for each token"
        "(4) fills of the middle sentence, F1 against it; every model is told its true number of tokens"
        $"(5) the same at temperature 1, top-p 0.95, seed {seed} + number of the story; a3, ar and fim write left to right, diffusion where it is surest"
    ]

// Which order suits a gap best? Defines a new order, fills one gap along it and along the usual ones, and compares how
// probable each finished text is to the model. Run after a build:
//     dotnet fsi experiments/new-order.fsx
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"

open A3
open A3.Model

/// The tokens that touch the given text first, then the middle of what is left, then the halves.
let handshake = Order.Then(Order.Explicit [ 0; 11; 1; 10 ], Order.Bisect)

let orders =
    [
        "handshake", handshake
        "left to right", Order.LeftToRight
        "right to left", Order.RightToLeft
        "bisect", Order.Bisect
        "random", Order.Random 7L
    ]

let story = "Tom had a red ball. {12} He was very happy."

let model =
    A3Model.Load(System.IO.Path.Combine(__SOURCE_DIRECTORY__, "models", "tinystories-a3"))

printfn "%-14s %10s %7s  %s" "order" "log p" "passes" "text"

for name, order in orders do
    let grouping = order |> Grouping.chunks 2 |> Grouping.print

    let options =
        DecodingOptions(Policy = A3.Policy.Parse grouping, Sampling = SamplingOptions.Greedy)

    let filled = model.Infill(story, options)
    printfn "%-14s %10.2f %7d  %s" name filled.LogProbability filled.ForwardPasses filled.Text

model.Dispose()

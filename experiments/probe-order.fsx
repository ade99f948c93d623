// Which order does a trained model like best for a sentence? Scores the sentence one token at a time along named orders and
// along random ones, and ranks the orders by the bits they need. Run after a build:
//     dotnet fsi experiments/probe-order.fsx [SENTENCE [MODEL]]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"

open A3
open A3.Model

let sentence, directory =
    let box = System.IO.Path.Combine(__SOURCE_DIRECTORY__, "models", "tinystories-a3")

    match List.ofArray fsi.CommandLineArgs with
    | [ _ ] -> "One day, a little girl named Lily went to the park with her mom.", box
    | [ _; sentence ] -> sentence, box
    | [ _; sentence; directory ] -> sentence, directory
    | _ ->
        eprintfn "usage: dotnet fsi experiments/probe-order.fsx [SENTENCE [MODEL]]"
        exit 2

let orders =
    [
        Order.LeftToRight
        Order.RightToLeft
        Order.Bisect
        Order.Reverse Order.Bisect
        Order.InsideOut Anchor.Middle
        Order.OutsideIn Anchor.Middle
        Order.Strided 2
        Order.Staggered 2
        for seed in 1L .. 8L do
            Order.Random seed
    ]

let model = A3Model.Load directory

let score order =
    model.Score(sentence, order |> Grouping.singletons |> Grouping.print |> A3.Grouping.Parse)

let ranked =
    orders
    |> List.map (fun order -> order, score order)
    |> List.sortBy (snd >> _.Bits)

let best = (snd ranked.Head).Bits

printfn "\"%s\", %d tokens" sentence (snd ranked.Head).Tokens.Length
printfn "%-16s %8s %10s %10s %5s" "order" "bits" "bits/byte" "more bits" "rank"

for rank, (order, score) in List.indexed ranked do
    printfn
        "%-16s %8.2f %10.3f %10.2f %5d"
        (Order.print order)
        score.Bits
        score.BitsPerByte
        (score.Bits - best)
        (rank + 1)

model.Dispose()

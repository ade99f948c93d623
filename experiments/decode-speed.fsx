// What does the cache buy, and what do groups? Fills one long gap again and again, with and without a cache, and prints the
// median over interleaved rounds in one warm process. Run after a build:
//     dotnet fsi --optimize+ experiments/decode-speed.fsx [ROUNDS]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"

open System.Diagnostics
open A3.Runtime

let rounds =
    match fsi.CommandLineArgs with
    | [| _; rounds |] -> int rounds
    | _ -> 9

let model =
    A3Model.Load(System.IO.Path.Combine(__SOURCE_DIRECTORY__, "models", "tinystories-a3"))

let length = 240

let grouping size =
    A3.Policy.Parse $"left-to-right | chunks {size}"

let ways =
    [
        for size in [ 1; 2; 4; 8 ] do
            $"cached, groups of {size}", (fun seed -> DecodingOptions(Policy = grouping size, Seed = seed))

        "speculative, window 4", (fun seed -> DecodingOptions(Policy = grouping 1, SpeculativeWindow = 4, Seed = seed))
        "causal (content stream)", (fun seed -> DecodingOptions(Causal = true, Seed = seed))

        for size in [ 1; 4 ] do
            $"uncached, groups of {size}",
            (fun seed -> DecodingOptions(Policy = grouping size, Reference = true, Seed = seed))
    ]

/// Tokens per second and forward passes of one run.
let run seed (options: int64 -> DecodingOptions) =
    let clock = Stopwatch.StartNew()
    let text = model.Generate("Once upon a time", length, options seed)
    let tokens = text.Steps |> Seq.sumBy _.Tokens.Length
    float tokens / clock.Elapsed.TotalSeconds, text.ForwardPasses

let median (values: float list) = (List.sort values)[values.Length / 2]

for _, options in ways do
    run 0L options |> ignore

let results =
    [
        for round in 1..rounds -> [ for _, options in ways -> run (int64 round) options ]
    ]
    |> List.transpose

let first = results.Head |> List.map fst |> median

printfn "%d tokens, %d rounds, %d processors" length rounds System.Environment.ProcessorCount
printfn "%-26s %10s %8s %14s" "" "tokens/s" "passes" "x groups of 1"

for (name, _), result in List.zip ways results do
    let speed = result |> List.map fst |> median
    printfn "%-26s %10.0f %8d %14.2f" name speed (snd result.Head) (speed / first)

model.Dispose()

// Does it help to let a model choose how long a gap is? Takes the middle sentence out of each story, fills it at a length
// chosen among those around the true one, and counts how often the fill ends as a sentence does, against the length in
// the middle of the candidates and the true one. Run after a build:
//     dotnet fsi experiments/gap-length.fsx MODEL STORIES.txt [COUNT]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "library/arguments.fsx"

open System.IO
open A3

let directory, file, count =
    match fsi.CommandLineArgs with
    | [| _; directory; file |] -> directory, file, 100
    | [| _; directory; file; count |] -> directory, file, Arguments.count "COUNT" count
    | _ ->
        eprintfn "usage: dotnet fsi experiments/gap-length.fsx MODEL STORIES.txt [COUNT]"
        exit 2

let model = A3Model.Load directory

/// The candidates: so many lengths, of which the true one is at a place that differs from story to story.
let candidates = 9

let sentences (story: string) =
    System.Text.RegularExpressions.Regex.Split(story, "(?<=[.!?][\"']?)(?=\\s)")
    |> Array.filter (fun sentence -> sentence.Trim() <> "")

let ends (text: string) =
    text.TrimEnd()
    |> Seq.tryLast
    |> Option.exists (fun last -> ".!?\"".Contains last)

let greedy = DecodingOptions(Sampling = SamplingOptions.Greedy)

/// For the chosen, the middle and the true length: how far it is from the truth, and whether its fill ends a sentence.
let judge index (story: string[]) =
    let middle = story.Length / 2
    let truth = model.Tokenizer.EncodeContinuation(story[middle]).Length
    let shortest = max 1 (truth - index % candidates)

    let around (gap: TemplatePart) =
        Template.Of
            [
                TemplatePart.Given(System.String.Concat story[.. middle - 1])
                gap
                TemplatePart.Given(System.String.Concat story[middle + 1 ..])
            ]

    let fill gap =
        let gap = model.Infill(around gap, greedy).Gaps[0]
        float (abs (gap.Length - truth)), ends gap.Text

    [
        fill (TemplatePart.Gap(shortest, shortest + candidates - 1))
        fill (TemplatePart.Gap(shortest + candidates / 2))
        fill (TemplatePart.Gap truth)
    ]

let results =
    File.ReadAllText(file).Split("<|endoftext|>")
    |> Seq.map (fun story -> story.Trim() |> sentences)
    |> Seq.filter (fun story -> story.Length >= 3)
    |> Seq.filter (fun story ->
        model.Tokenizer.Encode(System.String.Concat story, true).Length + candidates
        <= model.Architecture.Context)
    |> Seq.truncate count
    |> Seq.mapi judge
    |> List.ofSeq
    |> List.transpose

printfn "%d stories, %d candidate lengths each, greedy fills" results.Head.Length candidates
printfn "%-20s %22s %22s" "" "tokens off the truth" "ends as a sentence"

for name, fills in List.zip [ "chosen by the model"; "the middle one"; "the true one" ] results do
    let off = fills |> List.averageBy fst

    let complete =
        fills |> List.averageBy (fun (_, ends) -> if ends then 100.0 else 0.0)

    printfn "%-20s %22.2f %21.1f%%" name off complete

model.Dispose()

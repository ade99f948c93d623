// Does a model know how long a gap is? Takes the middle sentence out of each story, lets the model choose among the lengths
// around the true one, and compares with choosing blindly. Run after a build:
//     dotnet fsi experiments/gap-length.fsx MODEL STORIES.txt [COUNT]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"

open System.IO
open A3.Runtime

let directory, file, count =
    match fsi.CommandLineArgs with
    | [| _; directory; file |] -> directory, file, 100
    | [| _; directory; file; count |] -> directory, file, int count
    | _ ->
        eprintfn "usage: dotnet fsi experiments/gap-length.fsx MODEL STORIES.txt [COUNT]"
        exit 2

let model = A3Model.Load directory

/// The candidates: so many lengths, of which the true one is at a place that differs from story to story.
let candidates = 9

let sentences (story: string) =
    System.Text.RegularExpressions.Regex.Split(story, "(?<=[.!?][\"']?)(?=\\s)")
    |> Array.filter (fun sentence -> sentence.Trim() <> "")

/// What a story says of lengths: how far the choice is from the truth, how far the middle candidate is, and the
/// probability of the true length.
let judge index (story: string[]) =
    let middle = story.Length / 2
    let length = model.Tokenizer.EncodeContinuation(story[middle]).Length
    let shortest = max 1 (length - index % candidates)

    let template =
        Template.Of
            [
                TemplatePart.Given(System.String.Concat story[.. middle - 1])
                TemplatePart.Gap(shortest, shortest + candidates - 1)
                TemplatePart.Given(System.String.Concat story[middle + 1 ..])
            ]

    let struct (_, choices) = model.ChooseLengths template
    let choice = choices[0]

    let truth =
        choice.Candidates |> Seq.find (fun candidate -> candidate.Length = length)

    abs (choice.Length - length), abs (shortest + candidates / 2 - length), truth.Probability

let results =
    File.ReadAllText(file).Split("<|endoftext|>")
    |> Seq.map (fun story -> story.Trim() |> sentences)
    |> Seq.filter (fun story -> story.Length >= 3)
    |> Seq.filter (fun story ->
        model.Tokenizer.Encode(System.String.Concat story, true).Length + candidates
        <= model.Architecture.Context)
    |> Seq.truncate count
    |> Seq.mapi judge
    |> Array.ofSeq

let mean value =
    results |> Seq.averageBy value

let share value =
    results |> Seq.filter value |> Seq.length |> float
    |> fun found -> 100.0 * found / float results.Length

printfn "%d stories, %d candidate lengths each" results.Length candidates
printfn "%-28s %10s %10s" "" "chosen" "blind"
printfn "%-28s %10.2f %10.2f" "tokens off the true length" (mean (fun (chosen, _, _) -> float chosen)) (mean (fun (_, blind, _) -> float blind))

printfn
    "%-28s %9.1f%% %9.1f%%"
    "exactly the true length"
    (share (fun (chosen, _, _) -> chosen = 0))
    (share (fun (_, blind, _) -> blind = 0))

printfn "%-28s %10.3f %10.3f" "probability of the true one" (mean (fun (_, _, truth) -> truth)) (1.0 / float candidates)
model.Dispose()

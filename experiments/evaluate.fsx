// How good is a model on stories it has not seen? Scores each story in several orders, and its middle sentence given what
// stands around it, in bits per byte. Run after a build:
//     dotnet fsi experiments/evaluate.fsx MODEL STORIES.txt [COUNT]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"

open System.IO
open A3.Model
open A3.Runtime

let directory, file, count =
    match fsi.CommandLineArgs with
    | [| _; directory; file |] -> directory, file, 100
    | [| _; directory; file; count |] -> directory, file, int count
    | _ ->
        eprintfn "usage: dotnet fsi experiments/evaluate.fsx MODEL STORIES.txt [COUNT]"
        exit 2

let model = A3Model.Load directory

/// The sentences of a story, each with the blank before it.
let sentences (story: string) =
    System.Text.RegularExpressions.Regex.Split(story, "(?<=[.!?][\"']?)(?=\\s)")
    |> Array.filter (fun sentence -> sentence.Trim() <> "")

/// The tokens of BOS and the sentences, and the positions of each sentence.
let tokenize sentences =
    let pieces =
        sentences
        |> Array.mapi (fun index (sentence: string) ->
            if index = 0 then
                model.Tokenizer.Encode(sentence, false)
            else
                model.Tokenizer.EncodeContinuation sentence)

    let starts = pieces |> Array.scan (fun start piece -> start + piece.Length) 1

    let positions =
        pieces
        |> Array.mapi (fun index piece -> [| starts[index] .. starts[index] + piece.Length - 1 |])

    Array.append [| model.Tokenizer.BosId.Value |] (Array.concat pieces), positions

let stories =
    File.ReadAllText(file).Split("<|endoftext|>")
    |> Seq.map (fun story -> story.Trim() |> sentences)
    |> Seq.filter (fun story -> story.Length >= 3)
    |> Seq.map tokenize
    |> Seq.filter (fun (tokens, _) -> tokens.Length <= model.Architecture.Context)
    |> Seq.truncate count
    |> Array.ofSeq

let score (tokens: int[]) shape grouping =
    let partition = Grouping.resolve shape grouping
    model.Score(tokens, A3.Partition.OfGroups(Partition.groups partition, Partition.evidenceGroups partition))

let whole grouping (tokens: int[], _) =
    score tokens (Shape.given [ 0 ] (Shape.ofLength tokens.Length)) grouping

/// The middle sentence left to right, given the positions around it that `reading` makes evidence of.
let middle reading (tokens: int[], sentences: int[][]) =
    let gap = sentences[sentences.Length / 2]
    let last = Array.last gap
    let around = Array.init tokens.Length id |> Array.except gap
    reading tokens gap.[0] last around

let bothSides given =
    middle (fun tokens _ _ around ->
        score tokens (given around (Shape.ofLength tokens.Length)) (Grouping.singletons Order.LeftToRight))

let leftSide =
    middle (fun tokens first last _ ->
        let shape = Shape.ofLength (last + 1) |> Shape.givenCausally [ 0 .. first - 1 ]
        score (Array.truncate (last + 1) tokens) shape (Grouping.singletons Order.LeftToRight))

let measures =
    [
        "story, left to right", whole (Grouping.singletons Order.LeftToRight)
        "story, random order", whole (Grouping.singletons (Order.Random 1L))
        "story, random groups of 2", whole (Grouping.chunks 2 (Order.Random 1L))
        "story, random groups of 4", whole (Grouping.chunks 4 (Order.Random 1L))
        "story, random groups of 8", whole (Grouping.chunks 8 (Order.Random 1L))
        "middle sentence, left side given", leftSide
        "middle sentence, both sides, one group", bothSides Shape.given
        "middle sentence, both sides, causal", bothSides Shape.givenCausally
    ]

printfn "%d stories of %s" stories.Length (Path.GetFileName file)
printfn "%-40s %s" "" "bits/byte"

for name, measure in measures do
    let scores = stories |> Array.map measure
    let bits = scores |> Array.sumBy _.Bits
    let bytes = scores |> Array.sumBy _.Bytes
    printfn "%-40s %9.3f" name (bits / float bytes)

model.Dispose()

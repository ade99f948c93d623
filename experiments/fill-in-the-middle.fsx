// How does a causal model learn to fill gaps? From text in another order (Bavarian et al. 2022): half of the stories are written
// as what stands before a gap, what stands behind it, and what stands in it, each after a control character, with one more at
// the end; the others stay as they are. Writes some copies of the stories, each with gaps of its own, for a3 train. Run after a build:
//     dotnet fsi experiments/fill-in-the-middle.fsx TOKENIZER_DIR STORIES.txt OUT.txt [COPIES] [SEED] [CONTEXT]
// and train with `--crop 0`, because half a rearranged story is none, and with the tokenizer of TOKENIZER_DIR.
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "library/arguments.fsx" "library/stories.fsx"

open System
open System.IO
open A3
open A3.Model

let (directory, file, output), (copies, seed, context) =
    match List.ofArray fsi.CommandLineArgs |> List.tail with
    | directory :: file :: output :: numbers when numbers.Length <= 3 ->
        let number index name lowest otherwise =
            numbers
            |> List.tryItem index
            |> Option.map (Arguments.whole name lowest >> int)
            |> Option.defaultValue otherwise

        (directory, file, output), (number 0 "COPIES" 1L 1, number 1 "SEED" 0L 1, number 2 "CONTEXT" 8L 256)
    | _ ->
        eprintfn
            "usage: dotnet fsi experiments/fill-in-the-middle.fsx TOKENIZER_DIR STORIES.txt OUT.txt [COPIES] [SEED] [CONTEXT]"

        exit 2

let tokenizer = Tokenizer.Load directory

/// Throws for a vocabulary in which a sentinel is not one token.
Stories.sentinelTokens tokenizer |> ignore

/// The trainer adds BOS and EOS.
let room = context - 2

let fits (text: string) =
    tokenizer.Encode(text, false).Length <= room

/// The longest runs of sentences that fit beside the sentinels: from each sentence as far as there is room, without those that
/// lie in another.
let runs (sentences: string[]) =
    let lengths =
        sentences
        |> Array.map (fun sentence -> (tokenizer.EncodeContinuation sentence).Length)

    let from first =
        lengths[first..]
        |> Array.scan (+) 0
        |> Array.tail
        |> Array.takeWhile (fun sum -> sum <= room - Stories.positions)
        |> Array.length

    let counts = Array.init sentences.Length from

    [|
        for first, count in Array.indexed counts do
            if count > 0 && (first = 0 || count >= counts[first - 1]) then
                sentences[first .. first + count - 1]
    |]

/// One to three whole sentences, as where they start and end in the text.
let someSentences seed (sentences: string[]) =
    let count = min sentences.Length (1 + Seed.below 3 (Seed.derive 0L seed))
    let first = Seed.below (sentences.Length - count + 1) (Seed.derive 1L seed)

    let starts =
        sentences |> Array.scan (fun start sentence -> start + sentence.Length) 0

    starts[first], starts[first + count]

/// Two uniform cuts, which never fall behind a blank, because tokens begin with theirs, nor into a character.
let someCharacters seed (text: string) =
    let rec boundary cut =
        if
            cut > 0
            && (text[cut - 1] = ' ' || cut < text.Length && Char.IsLowSurrogate text[cut])
        then
            boundary (cut - 1)
        else
            cut

    let cut purpose =
        boundary (Seed.below (text.Length + 1) (Seed.derive purpose seed))

    let one, other = cut 0L, cut 1L
    min one other, max one other

/// The sentences with a gap moved to their end, without the last of them where a cut word takes too many tokens; none where that
/// leaves nothing.
let rec rearranged seed (sentences: string[]) =
    let text = String.Concat sentences

    let first, last =
        if Seed.uniform (Seed.derive 0L seed) < 0.5 then
            someSentences (Seed.derive 1L seed) sentences
        else
            someCharacters (Seed.derive 1L seed) text

    let moved =
        Stories.rearrange text[.. first - 1] text[last..] text[first .. last - 1]
        + string (List.last Stories.sentinels)

    if sentences.Length = 0 then
        None
    elif fits moved then
        Some moved
    else
        rearranged seed (Array.truncate (sentences.Length - 1) sentences)

/// What a story becomes; none where it holds a sentinel, or nothing of it fits.
let document seed (story: string) =
    let runs = Stories.sentences story |> runs

    if runs.Length = 0 || story.IndexOfAny(Array.ofList Stories.sentinels) >= 0 then
        None
    else
        let run = runs[Seed.below runs.Length (Seed.derive 0L seed)]
        let sentences = Array.append [| run[0].TrimStart() |] run[1..]

        if Seed.uniform (Seed.derive 1L seed) < 0.5 then
            rearranged (Seed.derive 2L seed) sentences
        else
            String.Concat sentences |> Some

let documents =
    seq {
        for copy in 1..copies do
            for index, story in Seq.indexed (Stories.read file) do
                let seed = Seed.ofInt seed |> Seed.derive (int64 copy) |> Seed.derive (int64 index)
                document seed story
    }

let mutable plain, moved, left = 0, 0, 0

using (File.CreateText output) (fun writer ->
    for document in documents do
        match document with
        | Some text ->
            if text[0] = Stories.sentinels.Head then
                moved <- moved + 1
            else
                plain <- plain + 1

            writer.Write $"{text}\n{Stories.separator}\n"
        | None -> left <- left + 1)

printfn "%d stories rearranged, %d as they are, %d left out" moved plain left

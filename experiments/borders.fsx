// Cuts stories anywhere inside their words and fills the cuts: how often given text stays, the true text is possible, and the word at
// the border is one that the stories have.
//
//   dotnet fsi experiments/borders.fsx [MODEL] [STORIES] [CUTS] [TEMPERATURE]
//
// The defaults are the model in the box, experiments/toy/stories.txt, 100 cuts and temperature 0.5.

#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "library/arguments.fsx"

open System
open System.IO
open A3

let argument index usual =
    fsi.CommandLineArgs |> Array.tryItem (index + 1) |> Option.defaultValue usual

let root = Path.Combine(__SOURCE_DIRECTORY__, "..")

let model =
    A3Model.Load(argument 0 (Path.Combine(root, "experiments/models/tinystories-a3")))

let text =
    File.ReadAllText(argument 1 (Path.Combine(root, "experiments/toy/stories.txt"))).Replace("<|endoftext|>\n", "")

let cuts = Arguments.count "CUTS" (argument 2 "100")

let temperature = Arguments.real "TEMPERATURE" (argument 3 "0.5")

let letters (word: string) =
    word.Trim(" \n.,!?\"'".ToCharArray()).ToLowerInvariant()

let words = text.Split([| ' '; '\n' |]) |> Seq.map letters |> Set.ofSeq
let random = Random 1

/// Some 120 characters of the stories with a gap of two to eight letters that begins and ends inside words.
let cut () =
    let start = text.IndexOf(' ', random.Next(text.Length - 200)) + 1
    let piece = text.Substring(start, 120)

    let inside at =
        Char.IsLetter piece[at - 1] && Char.IsLetter piece[at]

    let places = [| 20..100 |] |> Array.filter inside
    let first = places[random.Next places.Length]

    let last =
        places
        |> Array.filter (fun at -> at > first + 2 && at < first + 9)
        |> Array.tryLast

    piece.Substring(0, first),
    piece.Substring(first, (defaultArg last (first + 3)) - first),
    piece.Substring(defaultArg last (first + 3))

/// Whether the tokens of the whole text fit what a template gives: given tokens as they are, others by the bytes at their borders.
let isPossible (before: string) (gap: string) (behind: string) =
    let whole =
        Array.append [| model.Tokenizer.FirstId.Value |] (model.Tokenizer.Encode(before + gap + behind, false))

    let agrees (run: DecodingRun) =
        run.GivenTokens.Length = whole.Length
        && Seq.forall2
            (fun (given: Nullable<int>) token -> not given.HasValue || given.Value = token)
            run.GivenTokens
            whole
        && run.Borders
           |> Seq.forall (fun border ->
               let bytes = model.Tokenizer.TokenBytes(whole[border.Position]).Span

               if border.Side = BorderSide.Before then
                   bytes.StartsWith(border.Bytes.AsSpan())
               else
                   bytes.EndsWith(border.Bytes.AsSpan()))

    [ 0..6 ]
    |> List.exists (fun length ->
        try
            model.Prepare(
                Template.Of
                    [
                        TemplatePart.Given before
                        TemplatePart.Gap length
                        TemplatePart.Given behind
                    ]
            )
            |> agrees
        with :? A3.A3Exception ->
            false)

let share count = 100.0 * float count / float cuts
let mutable kept, possible, odd = 0, 0, 0

for index in 1..cuts do
    let before, gap, behind = cut ()

    let template =
        Template.Of [ TemplatePart.Given before; TemplatePart.Gap 2; TemplatePart.Given behind ]

    let options =
        DecodingOptions(Seed = int64 index, Sampling = SamplingOptions(Temperature = temperature, TopP = 0.95))

    let filled = model.Infill(template, options)

    if filled.Text = before + filled.Gaps[0].Text + behind then
        kept <- kept + 1

    if isPossible before gap behind then
        possible <- possible + 1

    // The words that the two borders cut.
    let atBefore =
        filled.Text.Substring(0, filled.Text.IndexOf(' ', before.Length) |> max before.Length).Split([| ' '; '\n' |])
        |> Array.last

    if not (words.Contains(letters atBefore)) then
        odd <- odd + 1

printfn $"{cuts} cuts inside words, temperature {temperature}"
printfn "given text stays         %5.1f %%" (share kept)
printfn "the true text is possible %4.1f %%" (share possible)
printfn "no word at the border    %5.1f %%" (share odd)

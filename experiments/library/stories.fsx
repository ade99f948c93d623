// What the scripts about stories share: their text, their sentences, and their fill-in-the-middle form.
#r "../Cli/bin/Release/net10.0/A3.Runtime.dll"

open System.IO
open System.Text.RegularExpressions
open A3

/// The line that ends a story, in files as `a3 train` reads them.
let separator = "<|endoftext|>"

/// The stories of a file, one after another, without the blanks around them; no more than one is held.
let read (file: string) =
    let story = System.Text.StringBuilder()

    seq {
        for line in Seq.append (File.ReadLines file) [ separator ] do
            if line <> separator then
                story.Append(line).Append('\n') |> ignore
            else
                let text = story.ToString().Trim()
                story.Clear() |> ignore

                if text <> "" then
                    text
    }

/// The sentences of a story, each with the blank before it and the line ends behind it, because tokens join a full stop and the
/// line end, but never a blank and what stands before it; joined they are the story again.
let sentences (story: string) =
    Regex.Split(story, "(?<=[.!?][\"']?)(?=[^\\S\n])|(?<=[.!?][\"']?\n+)(?!\n)")
    |> Array.filter ((<>) "")

/// What stands before the text in front of a gap, before the text behind it, before the text of the gap, and at its end: control
/// characters, which no story holds and which byte-level vocabularies have as tokens that nothing else uses.
let sentinels = [ '\u0002'; '\u0003'; '\u0004'; '\u0005' ]

/// The positions that they take: each but the last ends a line, so that the text behind it is cut into the tokens that it is
/// cut into elsewhere (a quotation mark would otherwise be joined to the sentinel and torn from its word).
let positions = 2 * sentinels.Length - 1

/// A text with a gap in the order in which a causal model fills it: what surrounds the gap, then what stands in it
/// (prefix, suffix, middle; Bavarian et al. 2022), without the mark of its end.
let rearrange before after middle =
    $"{sentinels[0]}\n{before}{sentinels[1]}\n{after}{sentinels[2]}\n{middle}"

/// The tokens of the sentinels, one each; throws for a vocabulary that needs several for one.
let sentinelTokens (tokenizer: ITokenizer) =
    sentinels
    |> List.map (fun sentinel ->
        match tokenizer.EncodeContinuation(string sentinel) with
        | [| token |] -> token
        | tokens ->
            failwith
                $"the tokenizer makes {tokens.Length} tokens of the sentinel U+%04X{int sentinel}, which must be one; use a byte-level vocabulary.")

namespace A3.Cli

open System
open A3

/// Finished texts as people and programs meet them; `infill` and `generate` share it.
[<RequireQualifiedAccess>]
module Filling =

    /// The text, filled tokens in the colours of their steps.
    let private coloured (output: Output) (text: DecodedText) =
        text.Tokens
        |> Seq.map (fun token ->
            let shown = Output.shown output token.Text

            if token.Step.HasValue then
                Ink.strong (Colour.ofStep text.Steps.Length token.Step.Value) shown output.Ink
            else
                shown)
        |> String.Concat

    /// The colours from the first step to the last.
    let private legend ink steps =
        let shown = min steps 12

        let blocks =
            Seq.init shown (fun index -> Ink.text (Colour.ofStep shown index) "█" ink)
            |> String.Concat

        $"first step {blocks} last"

    let private logProbability (decoded: Decoded) =
        Number.text "0.00" decoded.Text.LogProbability

    let private summary (decoded: Decoded) =
        let passes = decoded.Text.ForwardPasses
        let speed = Number.rate decoded.Speed

        let drafts =
            match decoded.Drafts with
            | Some drafts -> $", {drafts.Accepted} of {drafts.Proposed} drafts accepted"
            | None -> ""

        let revised =
            match decoded.Revisions with
            | [] -> ""
            | revisions -> $", {revisions.Length} revised ({revisions |> Seq.filter _.IsChange |> Seq.length} changed)"

        $"{decoded.Tokens} tokens in {passes} forward passes{drafts}{revised}, {speed} tokens/s, log-probability {logProbability decoded}"

    let private noteLengths (output: Output) (decoded: Decoded) =
        for line in GapLengths.lines decoded.Text do
            output |> Output.note line

        for choice in decoded.Text.BorderChoices do
            output |> Output.note (Borders.line choice)

    /// The text as it was given, closed as it was: a file without a line end at its end gets none, unless something follows it.
    let private body (output: Output) trace lineEnd (decoded: Decoded) =
        let isFollowed = output.IsTerminal || trace

        output
        |> Output.text (
            coloured output decoded.Text
            + (if lineEnd = "" && isFollowed then "\n" else lineEnd)
        )

        if trace then
            output |> Output.line ""
            output |> Output.lines (Trace.lines output.Ink decoded)

    /// Writes a finished text, its trace where asked for, and what it cost.
    let write (output: Output) trace lineEnd (decoded: Decoded) =
        if output.Json then
            output |> Output.json (FillingJson.whole decoded)
        else
            body output trace lineEnd decoded

            if output.Ink <> Ink.Plain then
                output |> Output.line ""
                output |> Output.line (legend output.Ink decoded.Text.Steps.Length)

            noteLengths output decoded
            output |> Output.note (summary decoded)

    let private writeSample (output: Output) trace lineEnd number (decoded: Decoded) =
        if output.Ink <> Ink.Plain then
            let heading =
                $"{number}  seed {decoded.Seed}, log-probability {logProbability decoded}"

            output |> Output.line (Ink.dim heading output.Ink)

        body output trace (if lineEnd = "" then "\n" else lineEnd) decoded

    /// Writes several texts as they are finished: numbered in a terminal, one after the other in a pipe, an array for programs.
    let writeSamples (output: Output) trace lineEnd (samples: Decoded seq) =
        if output.Json then
            output |> Output.jsonArray (samples |> Seq.map FillingJson.whole)
        else
            samples
            |> Seq.iteri (fun index decoded ->
                // All samples have the same lengths.
                if index = 0 then
                    noteLengths output decoded

                writeSample output trace lineEnd (index + 1) decoded)

namespace A3.Cli

open System
open A3.Runtime

/// Finished texts as people and programs meet them; `infill` and `generate` share it.
[<RequireQualifiedAccess>]
module Filling =

    /// The text, filled tokens in the colours of their steps.
    let private coloured ink (text: DecodedText) =
        text.Tokens
        |> Seq.map (fun token ->
            if ink = Ink.Plain then
                token.Text
            elif token.Step.HasValue then
                Ink.strong (Colour.ofStep text.Steps.Length token.Step.Value) (Ink.visible token.Text) ink
            else
                Ink.visible token.Text)
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
        let speed = Number.text "0" decoded.Speed

        let drafts =
            match decoded.Drafts with
            | Some drafts -> $", {drafts.Accepted} of {drafts.Proposed} drafts accepted"
            | None -> ""

        $"{decoded.Tokens} tokens in {passes} forward passes{drafts}, {speed} tokens/s, log-probability {logProbability decoded}"

    let private token (name: int -> string) (token: TextToken) =
        Json.record
            [
                "position", Json.whole token.Position
                "id", Json.whole token.Token
                "token", Json.text (name token.Token)
                "text", Json.text token.Text
                if token.Step.HasValue then
                    "step", Json.whole token.Step.Value
                if token.LogProbability.HasValue then
                    "log_probability", Json.number token.LogProbability.Value
            ]

    /// A gap and what it was filled with.
    let gap (gap: FilledGap) =
        Json.record
            [
                "start", Json.whole gap.Start
                "length", Json.whole gap.Length
                "text", Json.text gap.Text
                "log_probability", Json.number gap.LogProbability
            ]

    let private step (step: DecodingStep) =
        Json.record
            [
                "step", Json.whole step.Step
                "forward_passes", Json.whole step.ForwardPasses
                "positions", step.Tokens |> Seq.map _.Position |> Json.wholes
            ]

    /// Counts of drafts; null where decoding was not speculative.
    let drafts (decoded: Decoded) =
        match decoded.Drafts with
        | Some drafts ->
            Json.record
                [
                    "proposed", Json.whole drafts.Proposed
                    "accepted", Json.whole drafts.Accepted
                ]
        | None -> null

    let private json (decoded: Decoded) =
        let text = decoded.Text

        Json.record
            [
                "text", Json.text text.Text
                "log_probability", Json.number text.LogProbability
                "forward_passes", Json.whole text.ForwardPasses
                "seconds", Json.number decoded.Seconds
                "tokens_per_second", Json.number decoded.Speed
                "drafts", drafts decoded
                "seed", Json.whole decoded.Seed
                "gaps", text.Gaps |> Seq.map gap |> Json.list
                "steps", text.Steps |> Seq.map step |> Json.list
                "tokens", text.Tokens |> Seq.map (token decoded.Name) |> Json.list
            ]

    let private body (output: Output) trace (decoded: Decoded) =
        output |> Output.line (coloured output.Ink decoded.Text)

        if trace then
            output |> Output.line ""
            output |> Output.lines (Trace.lines output.Ink decoded)

    /// Writes a finished text, its trace where asked for, and what it cost.
    let write (output: Output) trace (decoded: Decoded) =
        if output.Json then
            output |> Output.json (json decoded)
        else
            body output trace decoded

            if output.Ink <> Ink.Plain then
                output |> Output.line ""
                output |> Output.line (legend output.Ink decoded.Text.Steps.Length)

            output |> Output.note (summary decoded)

    let private writeSample (output: Output) trace number (decoded: Decoded) =
        if output.Ink <> Ink.Plain then
            let heading =
                $"{number}  seed {decoded.Seed}, log-probability {logProbability decoded}"

            output |> Output.line (Ink.dim heading output.Ink)

        body output trace decoded

    /// Writes several texts as they are finished: numbered in a terminal, one after the other in a pipe, an array for programs.
    let writeSamples (output: Output) trace (samples: Decoded seq) =
        if output.Json then
            output |> Output.json (samples |> Seq.map json |> Json.list)
        else
            samples
            |> Seq.iteri (fun index decoded -> writeSample output trace (index + 1) decoded)

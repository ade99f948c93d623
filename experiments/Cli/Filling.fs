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

    let private summary (decoded: Decoded) =
        let tokens = decoded.Text.Tokens |> Seq.filter _.Step.HasValue |> Seq.length
        let passes = decoded.Text.ForwardPasses

        let speed = Number.text "0" decoded.Speed
        let logProbability = Number.text "0.00" decoded.Text.LogProbability
        $"{tokens} tokens in {passes} forward passes, {speed} tokens/s, log-probability {logProbability}"

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

    let private gap (gap: FilledGap) =
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

    let private json seed (decoded: Decoded) =
        let text = decoded.Text

        Json.record
            [
                "text", Json.text text.Text
                "log_probability", Json.number text.LogProbability
                "forward_passes", Json.whole text.ForwardPasses
                "seconds", Json.number decoded.Seconds
                "tokens_per_second", Json.number decoded.Speed
                "seed", Json.whole seed
                "gaps", text.Gaps |> Seq.map gap |> Json.list
                "steps", text.Steps |> Seq.map step |> Json.list
                "tokens", text.Tokens |> Seq.map (token decoded.Name) |> Json.list
            ]

    /// Writes a finished text, its trace where asked for, and what it cost.
    let write (invocation: Invocation) trace (decoded: Decoded) =
        let output = invocation.Output

        if output.Json then
            output
            |> Output.json (json (defaultArg invocation.Seed Decoding.defaultSeed) decoded)
        else
            output |> Output.line (coloured output.Ink decoded.Text)

            if trace then
                output |> Output.line ""
                output |> Output.lines (Trace.lines output.Ink decoded)

            if output.Ink <> Ink.Plain then
                output |> Output.line ""
                output |> Output.line (legend output.Ink decoded.Text.Steps.Length)

            output |> Output.note (summary decoded)

namespace A3.Cli

open System
open A3.Runtime

/// What each step committed and how sure the model was of it.
[<RequireQualifiedAccess>]
module Trace =

    let private bars = [| "▏"; "▎"; "▍"; "▌"; "▋"; "▊"; "▉"; "█" |]

    /// A bar of up to ten columns.
    let private bar ink probability =
        if ink = Ink.Plain then
            ""
        else
            let eighths = probability * 80.0 |> round |> int |> max 1
            let whole = String.replicate (eighths / 8) bars[7]

            if eighths % 8 = 0 then
                whole
            else
                whole + bars[eighths % 8 - 1]

    let percent (logProbability: float) =
        Number.text "0.0" (100.0 * exp logProbability) + "%"

    /// A token between quotes, in one line.
    let quoted (text: string) =
        let escaped =
            text.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t")

        "\"" + Ink.visible escaped + "\""

    /// A line of names and one line per token: step, position, probability, token.
    let lines ink (decoded: Decoded) =
        let steps = decoded.Text.Steps.Length

        [
            Ink.dim "step  position  probability  token" ink
            for step in decoded.Text.Steps do
                for index, token in Seq.indexed step.Tokens do
                    let name = if index = 0 then string step.Step else ""
                    let colour = Colour.ofStep steps step.Step
                    let position = string token.Position
                    let probability = percent token.LogProbability

                    let shown = quoted (decoded.Name token.Token)
                    let numbers = $"{position.PadLeft 8}  {probability.PadLeft 11}"

                    let line =
                        $"{Ink.strong colour (name.PadLeft 4) ink}  {numbers}  {Ink.text colour shown ink}"

                    if ink = Ink.Plain then
                        line
                    else
                        let room = max 1 (16 - shown.Length)

                        line
                        + String(' ', room)
                        + Ink.text
                            (Colour.ofLogProbability token.LogProbability)
                            (bar ink (exp token.LogProbability))
                            ink
        ]

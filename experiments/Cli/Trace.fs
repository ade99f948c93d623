namespace A3.Cli

open System
open A3

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

    /// What stood where a revision changed a token, by step and position.
    let private changes (decoded: Decoded) =
        decoded.Revisions
        |> Seq.filter _.IsChange
        |> Seq.map (fun revision -> (revision.Step, revision.Position), decoded.Name revision.Before)
        |> Map.ofSeq

    /// A bar in a column of its own; none without colours.
    let private sure ink (shown: string) logProbability =
        if ink = Ink.Plain then
            ""
        else
            let room = String(' ', max 1 (16 - shown.Length))

            room
            + Ink.text (Colour.ofLogProbability logProbability) (bar ink (exp logProbability)) ink

    /// A token, and behind it the one that it replaced.
    let private row ink colour name before (token: DecodedToken) =
        let shown = quoted (name token.Token)

        let was =
            before
            |> Option.map (fun before -> $"  was {quoted before}")
            |> Option.defaultValue ""

        let position = (string token.Position).PadLeft 8
        let probability = (percent token.LogProbability).PadLeft 11

        $"{position}  {probability}  {Ink.text colour shown ink}"
        + sure ink shown token.LogProbability
        + Ink.dim was ink

    /// A line of names and one line per token: step, the sweep where there are any, position, probability, token.
    let lines ink (decoded: Decoded) =
        let changes = changes decoded
        let hasSweeps = decoded.Text.Steps |> Seq.exists _.Sweep.HasValue

        let sweep number =
            if hasSweeps then (string number).PadLeft(5) + "  " else ""

        [
            Ink.dim $"""step  {sweep "sweep"}position  probability  token""" ink
            for step in decoded.Text.Steps do
                let colour = Colour.ofStep decoded.Text.Steps.Length step.Step

                for index, token in Seq.indexed step.Tokens do
                    let name = if index = 0 then string step.Step else ""

                    let number =
                        if index = 0 && step.Sweep.HasValue then
                            string step.Sweep.Value
                        else
                            ""

                    let before = Map.tryFind (step.Step, token.Position) changes

                    Ink.strong colour (name.PadLeft 4) ink
                    + "  "
                    + sweep number
                    + row ink colour decoded.Name before token
        ]

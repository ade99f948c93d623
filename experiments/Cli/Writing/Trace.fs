namespace A3.Cli

open System
open A3

/// What each step committed, with the probability of each token.
[<RequireQualifiedAccess>]
module Trace =

    let private bars = [| "▏"; "▎"; "▍"; "▌"; "▋"; "▊"; "▉"; "█" |]

    /// A bar of up to ten columns.
    let private bar probability =
        let eighths = probability * 80.0 |> round |> int |> max 1
        let whole = String.replicate (eighths / 8) bars[7]

        if eighths % 8 = 0 then
            whole
        else
            whole + bars[eighths % 8 - 1]

    let percent (logProbability: float) =
        Number.text "0.0" (100.0 * exp logProbability) + "%"

    /// What stood where a revision changed a token, by step and position.
    let private changes (decoded: Decoded) =
        decoded.Revisions
        |> Seq.filter _.IsChange
        |> Seq.map (fun revision -> (revision.Step, revision.Position), decoded.Name revision.Before)
        |> Map.ofSeq

    /// A token as cells of a row: step and sweep where it is the first of its step, position, probability, the token, a bar in colours,
    /// and the token that it replaced.
    let private row ink hasSweeps (decoded: Decoded) changes (step: DecodingStep) (index, token: DecodedToken) =
        let colour = Colour.ofStep decoded.Text.Steps.Length step.Step
        let ofFirst (text: string) = if index = 0 then text else ""

        [
            ofFirst (string step.Step), Table.strong colour
            if hasSweeps then
                ofFirst (step.Sweep |> Option.ofNullable |> Option.map string |> Option.defaultValue ""), Table.plain
            string token.Position, Table.plain
            percent token.LogProbability, Table.plain
            Ink.quoted (decoded.Name token.Token), Table.coloured colour

            if ink <> Ink.Plain then
                bar (exp token.LogProbability), Table.coloured (Colour.ofLogProbability token.LogProbability)

            if hasSweeps then
                match Map.tryFind (step.Step, token.Position) changes with
                | Some before -> $"was {Ink.quoted before}", Table.dim
                | None -> "", Table.dim
        ]

    /// A line of names and one line per token.
    let lines ink (decoded: Decoded) =
        let changes = changes decoded
        let hasSweeps = decoded.Text.Steps |> Seq.exists _.Sweep.HasValue

        let names =
            [
                "step"
                if hasSweeps then
                    "sweep"
                "position"
                "probability"
                "token"
                if ink <> Ink.Plain then
                    ""
                if hasSweeps then
                    ""
            ]

        let sides =
            names
            |> List.map (fun name ->
                if name = "token" || name = "" then
                    Side.Left
                else
                    Side.Right)

        Table.styled
            ink
            sides
            [
                names |> List.map (fun name -> name, Table.dim)
                for step in decoded.Text.Steps do
                    for token in Seq.indexed step.Tokens do
                        row ink hasSweeps decoded changes step token
            ]

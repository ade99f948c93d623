namespace A3.Cli

open System
open A3
open A3.Bench

/// Measured figures, for people and for programs.
[<RequireQualifiedAccess>]
module Figures =

    /// Cells in columns: the first to the left, the others to the right.
    let table (rows: string list list) =
        match rows with
        | [] -> []
        | first :: _ ->
            let sides =
                first |> List.mapi (fun index _ -> if index = 0 then Side.Left else Side.Right)

            Table.lines sides rows

    let private typeName (compute: NumberType) = (string compute).ToLowerInvariant()

    /// What is measured on, in a few words.
    let place device compute threads =
        match device with
        | A3.Device.Cuda -> $"one GPU, {typeName compute}"
        | _ -> $"{threads} threads, {typeName compute}"

    /// What is measured on, as fields of a record.
    let placeJson device compute threads =
        [
            "device", Json.text (if device = A3.Device.Cuda then "cuda" else "cpu")
            "number_type", Json.text (typeName compute)
            "threads", Json.whole threads
            "processors", Json.whole Environment.ProcessorCount
        ]

    /// The quartiles, as people read them.
    let range show (spread: Spread) =
        $"{show spread.Low} .. {show spread.High}"

    /// What a figure's goal is, and whether it was reached; empty without one.
    let verdict ink (goal: Nullable<float>) (reached: Nullable<bool>) =
        match Option.ofNullable goal, Option.ofNullable reached with
        | Some goal, Some true -> Ink.text (Colour.ofLogProbability 0.0) $"  goal {string goal} reached" ink
        | Some goal, Some false -> Ink.strong (Colour.ofLogProbability -100.0) $"  goal {string goal} MISSED" ink
        | _ -> ""

    let spread (value: Spread) =
        Json.record
            [
                "median", Json.number value.Median
                "low", Json.number value.Low
                "high", Json.number value.High
            ]

    /// A figure's goal as fields of its record; none without one.
    let goalJson (goal: Nullable<float>) (reached: Nullable<bool>) =
        match Option.ofNullable goal, Option.ofNullable reached with
        | Some goal, Some reached -> [ "goal", Json.number goal; "reached", Json.flag reached ]
        | _ -> []

    /// Ratios with their quartiles and goals, a line each.
    let ratioLines ink (ratios: (string * Spread * Nullable<float> * Nullable<bool>) list) =
        let number = Number.text "0.00"

        table
            [
                for name, value, _, _ in ratios -> [ name; number value.Median; range number value ]
            ]
        |> List.map2 (fun (_, _, goal, reached) line -> line + verdict ink goal reached) ratios

    /// The same for programs.
    let ratiosJson (ratios: (string * Spread * Nullable<float> * Nullable<bool>) list) =
        Json.list
            [
                for name, value, goal, reached in ratios ->
                    Json.record [ "ratio", Json.text name; "value", spread value; yield! goalJson goal reached ]
            ]

namespace A3.Cli

open System
open A3
open A3.Bench

/// What was measured, as tables for people and as JSON for programs.
[<RequireQualifiedAccess>]
module BenchDisplay =

    /// Cells in columns: the first to the left, the others to the right.
    let table (rows: string list list) =
        let widths =
            rows
            |> List.transpose
            |> List.map (fun column -> column |> List.map String.length |> List.max)

        rows
        |> List.map (fun row ->
            List.zip row widths
            |> List.mapi (fun i (cell, width) -> if i = 0 then cell.PadRight width else cell.PadLeft width)
            |> fun cells -> String.Join("  ", cells))

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

    let private speed value =
        Number.text (if value < 99.5 then "0.0" else "#,0") value

    /// The quartiles, as people read them.
    let range show (spread: Spread) =
        $"{show spread.Low} .. {show spread.High}"

    let private drafts (run: DecodeRun) =
        if run.Drafts.Proposed = 0 then
            None
        else
            Some $"{Number.percent (float run.Drafts.Accepted / float run.Drafts.Proposed)} of drafts accepted"

    let private sampled (run: DecodeRun) =
        if run.MeasuredSteps = run.Steps then
            None
        else
            Some $"{run.MeasuredSteps} of {run.Steps} steps measured"

    let private remark (run: DecodeRun) =
        String.Join(", ", List.choose id [ sampled run; drafts run ])

    let private methodRow (figures: MethodFigures) =
        [
            figures.Name
            speed figures.Speed.Median
            range speed figures.Speed
            string figures.Typical.Passes
            Number.bytes figures.WeightBytes
            Number.percent figures.MemoryShare.Median
        ]

    let private methodLines ink (report: DecodeReport) =
        let header =
            [ ""; "tokens/s"; "quartiles"; "passes"; "weights read"; "of the limit" ]

        let lines = table (header :: [ for figures in report.Methods -> methodRow figures ])

        [
            Ink.dim lines.Head ink

            for line, figures in List.zip lines.Tail (List.ofSeq report.Methods) do
                match remark figures.Typical with
                | "" -> line
                | remark -> line + Ink.dim $"  ({remark})" ink
        ]

    /// What a figure's goal is, and whether it was reached; empty without one.
    let verdict ink (goal: Nullable<float>) (reached: Nullable<bool>) =
        match Option.ofNullable goal, Option.ofNullable reached with
        | Some goal, Some true -> Ink.text (Colour.ofLogProbability 0.0) $"  goal {string goal} reached" ink
        | Some goal, Some false -> Ink.strong (Colour.ofLogProbability -100.0) $"  goal {string goal} MISSED" ink
        | _ -> ""

    let private ratioLines ink (report: DecodeReport) =
        let number = Number.text "0.00"

        let lines =
            table
                [
                    for ratio in report.Ratios -> [ ratio.Name; number ratio.Value.Median; range number ratio.Value ]
                ]

        List.map2
            (fun line (ratio: RatioFigures) -> line + verdict ink ratio.Goal ratio.Reached)
            lines
            (List.ofSeq report.Ratios)

    /// Tables of the methods and of their ratios.
    let lines ink (report: DecodeReport) =
        let limit = Number.text "0.0" (report.Memory.Median / 1e9)

        [
            $"memory is read at {limit} GB/s; one pass reads {Number.bytes report.PassBytes} of weights"
            ""
            yield! methodLines ink report
            ""
            yield! ratioLines ink report
        ]

    let spread (value: Spread) =
        Json.record
            [
                "median", Json.number value.Median
                "low", Json.number value.Low
                "high", Json.number value.High
            ]

    let private methodJson (figures: MethodFigures) =
        let run = figures.Typical

        Json.record
            [
                "method", Json.text figures.Name
                "tokens", Json.whole run.Tokens
                "tokens_per_second", spread figures.Speed
                "forward_passes", Json.whole run.Passes
                "weight_bytes_read", Json.whole figures.WeightBytes
                "memory_limit_share", spread figures.MemoryShare
                "steps", Json.whole run.Steps
                "measured_steps", Json.whole run.MeasuredSteps

                if run.Drafts.Proposed > 0 then
                    "drafts", Json.whole run.Drafts.Proposed
                    "drafts_accepted", Json.whole run.Drafts.Accepted
            ]

    /// A figure's goal as fields of its record; none without one.
    let goalJson (goal: Nullable<float>) (reached: Nullable<bool>) =
        match Option.ofNullable goal, Option.ofNullable reached with
        | Some goal, Some reached -> [ "goal", Json.number goal; "reached", Json.flag reached ]
        | _ -> []

    let private ratioJson (ratio: RatioFigures) =
        Json.record
            [
                "ratio", Json.text ratio.Name
                "value", spread ratio.Value
                yield! goalJson ratio.Goal ratio.Reached
            ]

    /// One record; `settings` are its first fields.
    let json settings (report: DecodeReport) =
        Json.record
            [
                yield! settings
                "pass_weight_bytes", Json.whole report.PassBytes
                "memory_bytes_per_second", spread report.Memory
                "methods", report.Methods |> Seq.map methodJson |> Json.list
                "ratios", report.Ratios |> Seq.map ratioJson |> Json.list
            ]

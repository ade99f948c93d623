namespace A3.Cli

open System
open A3.Bench

/// What `a3 bench decode` measured, for people and for programs.
[<RequireQualifiedAccess>]
module DecodeFigures =

    let private speed value =
        Number.text (if value < 99.5 then "0.0" else "#,0") value

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
            Figures.range speed figures.Speed
            string figures.Typical.Passes
            Number.bytes figures.WeightBytes
            Number.percent figures.MemoryShare.Median
        ]

    let private methodLines ink (report: DecodeReport) =
        let header =
            [ ""; "tokens/s"; "quartiles"; "passes"; "weights read"; "of the limit" ]

        let lines =
            Figures.table (header :: [ for figures in report.Methods -> methodRow figures ])

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

    let private ratios (report: DecodeReport) =
        [
            for ratio in report.Ratios -> ratio.Name, ratio.Value, ratio.Goal, ratio.Reached
        ]

    /// Tables of the methods and of their ratios.
    let lines ink (report: DecodeReport) =
        let limit = Number.text "0.0" (report.Memory.Median / 1e9)

        [
            $"memory is read at {limit} GB/s; one pass reads {Number.bytes report.PassBytes} of weights"
            ""
            yield! methodLines ink report
            ""
            yield! Figures.ratioLines ink (ratios report)
        ]

    let private methodJson (figures: MethodFigures) =
        let run = figures.Typical

        Json.record
            [
                "method", Json.text figures.Name
                "tokens", Json.whole run.Tokens
                "tokens_per_second", Figures.spread figures.Speed
                "forward_passes", Json.whole run.Passes
                "weight_bytes_read", Json.whole figures.WeightBytes
                "memory_limit_share", Figures.spread figures.MemoryShare
                "steps", Json.whole run.Steps
                "measured_steps", Json.whole run.MeasuredSteps

                if run.Drafts.Proposed > 0 then
                    "drafts", Json.whole run.Drafts.Proposed
                    "drafts_accepted", Json.whole run.Drafts.Accepted
            ]

    /// One record; `settings` are its first fields.
    let json settings (report: DecodeReport) =
        Json.record
            [
                yield! settings
                "pass_weight_bytes", Json.whole report.PassBytes
                "memory_bytes_per_second", Figures.spread report.Memory
                "methods", report.Methods |> Seq.map methodJson |> Json.list
                "ratios", Figures.ratiosJson (ratios report)
            ]

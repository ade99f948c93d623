namespace A3.Cli

open System
open A3
open A3.Bench

/// What `a3 bench train` measured, for people and for programs.
[<RequireQualifiedAccess>]
module TrainFigures =

    let private ratios (report: TrainReport) =
        [
            for ratio in report.Ratios -> ratio.Name, ratio.Value, ratio.Goal, ratio.Reached
        ]

    let private stepRow (step: StepFigures) =
        let memory =
            match Option.ofNullable step.MemoryPerToken with
            | Some bytes -> Number.bytes (int64 bytes)
            | None -> "unknown"

        [
            step.Name
            Number.text "#,0" step.Speed.Median
            Figures.range (Number.text "#,0") step.Speed
            Number.text "0.0" (float step.Flops / 1e9)
            memory
        ]

    /// Tables of the steps and of their ratios.
    let lines ink (report: TrainReport) =
        let header = [ ""; "tokens/s"; "quartiles"; "GFLOP"; "memory/token" ]
        let peak = Number.text "0.0" (report.Peak.Median / 1e9)

        [
            $"large matrix products reach {peak} GFLOP/s"
            ""
            yield! Figures.table (header :: [ for step in report.Steps -> stepRow step ])
            ""
            yield! Figures.ratioLines ink (ratios report)
        ]

    let private stepJson (step: StepFigures) =
        Json.record
            [
                "step", Json.text step.Name
                "tokens_per_second", Figures.spread step.Speed
                "flops", Json.whole step.Flops
                "matrix_peak_share", Figures.spread step.PeakShare

                match Option.ofNullable step.MemoryPerToken with
                | Some bytes -> "memory_bytes_per_token", Json.number bytes
                | None -> ()
            ]

    /// One record.
    let json (network: Architecture) (options: TrainBenchmarkOptions) (report: TrainReport) =
        Json.record
            [
                "network", Json.text (string network)
                "parameters", Json.whole network.ParameterCount
                "batch_tokens", Json.whole options.BatchTokens
                "group", Json.whole options.Group
                "recompute", Json.flag options.ActivationCheckpointing
                yield! Figures.placeJson options.Device options.Compute options.Threads
                "rounds", Json.whole options.Rounds
                "seed", Json.whole options.Seed
                "matrix_flops_per_second", Figures.spread report.Peak
                "steps", report.Steps |> Seq.map stepJson |> Json.list
                "ratios", Figures.ratiosJson (ratios report)
            ]

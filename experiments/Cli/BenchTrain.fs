namespace A3.Cli

open System
open Argu
open A3
open A3.Model
open A3.Bench
open A3.Runtime.Sampling

/// Arguments of `a3 bench train`.
[<RequireQualifiedAccess>]
type BenchTrainArguments =
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Context of POSITIONS: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Group of SIZE: string
    | [<Unique>] Recompute
    | [<Unique>] Compute of NumberTypeName
    | [<Unique>] Threads of NUMBER: string
    | [<Unique>] Rounds of NUMBER: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Width _ -> $"width of the hidden states, {Limits.width.Range} (default 256)."
            | Layers _ -> $"number of blocks, {Limits.layers.Range} (default 6)."
            | Heads _ ->
                $"attention heads, {Limits.heads.Range} (default 4); each takes an equal, even part of the width."
            | Vocabulary _ -> $"tokens of the vocabulary, {Limits.vocabulary.Range} (default 2048)."
            | Context _ -> $"length of each sequence, {Limits.context.Range} (default 256)."
            | Batch_Tokens _ ->
                $"tokens of a step, as many whole sequences as they hold, {Limits.batchTokens.Range} (default 4096)."
            | Group _ ->
                $"size of the groups, {Limits.group.Range} (default 4); what a step costs hardly depends on it."
            | Recompute -> "let the two-stream step keep one block's memory in place of all."
            | Compute _ -> "number type of passes, float32 (default) or bfloat16; what trains stays float32."
            | Threads _ -> $"threads, {Limits.threads.Range} (default: one for each processor)."
            | Rounds _ -> $"runs of each step, {Limits.rounds.Range} (default 7)."

/// `a3 bench train`: what a training step takes, against a plain AR step and against the machine.
[<RequireQualifiedAccess>]
module BenchTrain =

    let private architecture (arguments: ParseResults<BenchTrainArguments>) =
        let chosen =
            Architecture.create
                (arguments.TryGetResult BenchTrainArguments.Vocabulary
                 |> Limit.orElse 2048 "--vocabulary" Limits.vocabulary)
                (arguments.TryGetResult BenchTrainArguments.Width
                 |> Limit.orElse 256 "--width" Limits.width)
                (arguments.TryGetResult BenchTrainArguments.Layers
                 |> Limit.orElse 6 "--layers" Limits.layers)
                (arguments.TryGetResult BenchTrainArguments.Heads
                 |> Limit.orElse 4 "--heads" Limits.heads)
                (arguments.TryGetResult BenchTrainArguments.Context
                 |> Limit.orElse 256 "--context" Limits.context)

        match Architecture.validate chosen with
        | Ok valid when valid.Width = valid.Heads * valid.HeadWidth -> valid
        | Ok valid -> raise (MisuseException $"--width {valid.Width}: must be a multiple of --heads {valid.Heads}.")
        | Error error -> raise (MisuseException error.Message)

    let private check (invocation: Invocation) =
        if
            invocation.NumberType <> NumberType.Float32
            || invocation.Grouping.IsSome
            || invocation.Model.IsSome
        then
            raise (
                MisuseException
                    "bench train measures random weights and random orders, in the number type of --compute; leave --dtype, --model and --grouping out."
            )

    let private compute (arguments: ParseResults<BenchTrainArguments>) =
        match arguments.GetResult(BenchTrainArguments.Compute, Float32) |> Options.numberType with
        | NumberType.Float16 ->
            raise (MisuseException "--compute float16: gradients leave its range; float32 or bfloat16 is expected.")
        | chosen -> chosen

    let private options (invocation: Invocation) seed (arguments: ParseResults<BenchTrainArguments>) =
        let standard = TrainBenchmarkOptions()

        TrainBenchmarkOptions(
            BatchTokens =
                (arguments.TryGetResult BenchTrainArguments.Batch_Tokens
                 |> Limit.orElse standard.BatchTokens "--batch-tokens" Limits.batchTokens),
            Group =
                (arguments.TryGetResult BenchTrainArguments.Group
                 |> Limit.orElse standard.Group "--group" Limits.group),
            Recompute = arguments.Contains BenchTrainArguments.Recompute,
            Device = invocation.Device,
            Compute = compute arguments,
            Threads =
                (arguments.TryGetResult BenchTrainArguments.Threads
                 |> Limit.orElse standard.Threads "--threads" Limits.threads),
            Rounds =
                (arguments.TryGetResult BenchTrainArguments.Rounds
                 |> Limit.orElse standard.Rounds "--rounds" Limits.rounds),
            Seed = seed
        )

    let private number = Number.text "0.00"

    let private stepRow (step: StepFigures) =
        let memory =
            match Option.ofNullable step.MemoryPerToken with
            | Some bytes -> Number.bytes (int64 bytes)
            | None -> "unknown"

        [
            step.Name
            Number.text "#,0" step.Speed.Median
            BenchDisplay.range (Number.text "#,0") step.Speed
            Number.text "0.0" (float step.Flops / 1e9)
            memory
        ]

    let private lines ink (report: TrainReport) =
        let header = [ ""; "tokens/s"; "quartiles"; "GFLOP"; "memory/token" ]
        let peak = Number.text "0.0" (report.Peak.Median / 1e9)

        [
            $"large matrix products reach {peak} GFLOP/s"
            ""
            yield! BenchDisplay.table (header :: [ for step in report.Steps -> stepRow step ])
            ""
            yield!
                BenchDisplay.table
                    [
                        for ratio in report.Ratios ->
                            [ ratio.Name; number ratio.Value.Median; BenchDisplay.range number ratio.Value ]
                    ]
                |> List.map2
                    (fun (ratio: TrainRatio) line -> line + BenchDisplay.verdict ink ratio.Goal ratio.Reached)
                    (List.ofSeq report.Ratios)
        ]

    let private stepJson (step: StepFigures) =
        Json.record
            [
                "step", Json.text step.Name
                "tokens_per_second", BenchDisplay.spread step.Speed
                "flops", Json.whole step.Flops
                "matrix_peak_share", BenchDisplay.spread step.PeakShare

                match Option.ofNullable step.MemoryPerToken with
                | Some bytes -> "memory_bytes_per_token", Json.number bytes
                | None -> ()
            ]

    let private ratioJson (ratio: TrainRatio) =
        Json.record
            [
                "ratio", Json.text ratio.Name
                "value", BenchDisplay.spread ratio.Value
                yield! BenchDisplay.goalJson ratio.Goal ratio.Reached
            ]

    let private json network seed (options: TrainBenchmarkOptions) (report: TrainReport) =
        Json.record
            [
                "network", Json.text (string (A3.Architecture network))
                "parameters", Json.whole (Architecture.parameterCount network)
                "batch_tokens", Json.whole options.BatchTokens
                "group", Json.whole options.Group
                "recompute", Json.flag options.Recompute
                yield! BenchDisplay.placeJson options.Device options.Compute options.Threads
                "rounds", Json.whole options.Rounds
                "seed", Json.whole seed
                "matrix_flops_per_second", BenchDisplay.spread report.Peak
                "steps", report.Steps |> Seq.map stepJson |> Json.list
                "ratios", report.Ratios |> Seq.map ratioJson |> Json.list
            ]

    let run (invocation: Invocation) (arguments: ParseResults<BenchTrainArguments>) =
        check invocation
        let invocation = invocation |> Options.onCpuUnlessSaid
        let output = invocation.Output
        let network = architecture arguments
        let seed = defaultArg invocation.Seed DecodingRequest.usual.Seed
        let options = options invocation seed arguments
        ProcessSettings.KeepFreedMemory()

        let report =
            TrainBenchmark(network, options).Run((fun line -> output |> Output.note line), invocation.Cancellation)

        if output.Json then
            output |> Output.json (json network seed options report)
        else
            output
            |> Output.line
                $"{A3.Architecture network}; {BenchDisplay.place options.Device options.Compute options.Threads}, {options.BatchTokens} tokens a step, {options.Rounds} rounds"

            output |> Output.lines (lines output.Ink report)

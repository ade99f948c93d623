namespace A3.Cli

open Argu
open A3
open A3.Bench

/// What the command line of `a3 bench train` says.
type BenchTrainCommand =
    {
        Shape: NetworkShape
        Options: TrainBenchmarkOptions
    }

[<RequireQualifiedAccess>]
module BenchTrainCommand =

    let private shape =
        {
            Vocabulary = 2048
            Width = 256
            Layers = 6
            Heads = 4
            KvHeads = None
            Mlp = None
            Context = 256
        }

    let usual =
        {
            Shape = shape
            Options = TrainBenchmarkOptions()
        }

    let private compute (given: Given) =
        match Setting.choice Invocation.numberTypes given with
        | NumberType.Float16 ->
            raise (UsageException $"{given.Name} float16: gradients leave its range; float32 or bfloat16 is expected.")
        | chosen -> chosen

    let private measured: Setting<TrainBenchmarkOptions> list =
        [
            Setting.number
                usual.Options
                <@ fun (options: TrainBenchmarkOptions) -> options.BatchTokens @>
                Limits.batchTokens
                "tokens of a step, as many whole sequences as they hold"
            Setting.number
                usual.Options
                <@ fun (options: TrainBenchmarkOptions) -> options.Group @>
                Limits.group
                "positions of a group, on which the cost of a step hardly depends"
            Setting.flag
                <@ fun (options: TrainBenchmarkOptions) -> options.ActivationCheckpointing @>
                "activation checkpointing in the two-stream step: the backward pass computes each block once more."
            |> Setting.formerly "recompute"
            Setting.textBy
                <@ fun (options: TrainBenchmarkOptions) -> options.Compute @>
                "number type of forward and backward passes: float32 or bfloat16; trainable parameters stay float32 (default float32)."
                compute
            Setting.numberOr
                "one for each processor"
                <@ fun (options: TrainBenchmarkOptions) -> options.Threads @>
                Limits.threads
                "threads of libtorch"
            Setting.number
                usual.Options
                <@ fun (options: TrainBenchmarkOptions) -> options.Rounds @>
                Limits.rounds
                "runs of each step"
        ]

    let settings: Setting<BenchTrainCommand> list =
        [
            yield!
                NetworkShape.settings shape @ [ NetworkShape.context shape ]
                |> Setting.within _.Shape (fun shape (command: BenchTrainCommand) -> { command with Shape = shape })
            yield!
                measured
                |> Setting.within _.Options (fun options (command: BenchTrainCommand) ->
                    { command with Options = options })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type BenchTrainArguments =
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Context of POSITIONS: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Group of SIZE: string
    | [<Unique>] Activation_Checkpointing
    | [<Unique; Hidden>] Recompute
    | [<Unique>] Compute of NAME: string
    | [<Unique>] Threads of NUMBER: string
    | [<Unique>] Rounds of NUMBER: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help BenchTrainCommand.settings argument

/// `a3 bench train`: what a training step takes, against a plain AR step and against the machine.
[<RequireQualifiedAccess>]
module BenchTrain =

    let private check (invocation: Invocation) =
        let isNamed =
            invocation.NumberType <> NumberType.Float32
            || invocation.Grouping.IsSome
            || invocation.Model.IsSome

        Rules.check
            [
                isNamed,
                "bench train measures random weights and random orders, in the number type of --compute; leave --dtype, --model and --grouping out."
            ]

    let private set access value (options: TrainBenchmarkOptions) =
        Record.withValue (Record.property access) (box value) options

    let private options (invocation: Invocation) command =
        command.Options
        |> set <@ fun (options: TrainBenchmarkOptions) -> options.Device @> invocation.Device
        |> set
            <@ fun (options: TrainBenchmarkOptions) -> options.Seed @>
            (defaultArg invocation.Seed DecodingSettings.usual.Seed)

    let run (invocation: Invocation) (arguments: ParseResults<BenchTrainArguments>) =
        check invocation
        let invocation = invocation |> Invocation.onCpuUnlessSaid
        let output = invocation.Output

        let command =
            Settings.bind output BenchTrainCommand.settings arguments BenchTrainCommand.usual

        let architecture = NetworkShape.architecture command.Shape
        let options = options invocation command
        ProcessSettings.KeepFreedMemory()

        let benchmark = TrainBenchmark(architecture, options)
        let report = benchmark.Run(Invocation.remark invocation, invocation.Cancellation)

        if output.Json then
            output |> Output.json (TrainFigures.json benchmark.Architecture options report)
        else
            let place = Figures.place options.Device options.Compute options.Threads

            output
            |> Output.line
                $"{benchmark.Architecture}; {place}, {options.BatchTokens} tokens a step, {options.Rounds} rounds"

            output |> Output.lines (TrainFigures.lines output.Ink report)

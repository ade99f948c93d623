namespace A3.Cli

open System
open Argu
open A3
open A3.Model
open A3.Bench

/// `a3 bench decode`: how fast ways to decode are, against each other and against the machine.
[<RequireQualifiedAccess>]
module BenchDecode =

    let private sizes positions (text: string) =
        [|
            for part in text.Split ',' do
                match Numeral.tryWhole part with
                | Some size when size >= 1L && size <= int64 positions -> int size
                | Some _
                | None ->
                    raise (
                        UsageException
                            $"--groups \"{Shown.Text text}\": expected sizes in 1..{positions}, such as 1,2,4,8."
                    )
        |]
        |> Array.distinct

    let private check (invocation: Invocation) (arguments: ParseResults<BenchDecodeArguments>) =
        let describesShape =
            Settings.given arguments |> List.exists BenchDecodeCommand.isShape

        Rules.check
            [
                invocation.Grouping.IsSome, "bench decode chooses its own groupings; name sizes with --groups."
                invocation.Model.IsSome && describesShape, "--model and a shape of random weights; give one of the two."
            ]

    /// Beside the weights: the tensor that is being packed, and the memory that is read for comparison.
    let private requireMemory architecture =
        let needed = 4L * Architecture.parameterCount architecture + (1L <<< 29)
        let present = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes

        if needed > present then
            raise (
                A3Exception
                    $"random weights of this shape need {Number.bytes needed}, but there are {Number.bytes present}; use a smaller width, depth or vocabulary."
            )

    let private random (invocation: Invocation) command seed =
        let positions = defaultArg command.Positions BenchDecodeCommand.positions

        let architecture =
            NetworkShape.architecture
                { command.Shape with
                    Context = 4 * positions + 1
                }

        if invocation.Device <> Device.Cuda then
            requireMemory architecture

        MeasuredNetwork.Random(architecture, seed, invocation.Device, invocation.NumberType, command.Threads)

    /// The named model, or random weights.
    let private network (invocation: Invocation) command seed =
        match invocation.Model with
        | Some folder ->
            MeasuredNetwork.Load(
                ModelFolder.find (Some folder),
                invocation.Device,
                invocation.NumberType,
                command.Threads
            )
        | None -> random invocation command seed

    let private options command seed (network: MeasuredNetwork) =
        let positions =
            command.Positions
            |> Option.defaultValue (min BenchDecodeCommand.positions (network.Architecture.Context - 1))

        DecodeBenchmarkOptions(
            Positions = positions,
            Bos = network.Bos,
            Groups =
                (match command.Groups with
                 | Some text -> sizes positions text
                 | None ->
                     command.Options.Groups
                     |> Seq.filter (fun size -> size <= positions)
                     |> Array.ofSeq),
            Rounds = command.Options.Rounds,
            Sampling = command.Options.Sampling,
            Seed = seed
        )

    /// What was measured, for whoever reads the figures.
    let private settings (invocation: Invocation) command (network: MeasuredNetwork) (options: DecodeBenchmarkOptions) =
        [
            "network", Json.text (string network.Architecture)
            "parameters", Json.whole network.Architecture.ParameterCount
            "positions", Json.whole options.Positions
            yield! Figures.placeJson invocation.Device invocation.NumberType command.Threads
            "rounds", Json.whole options.Rounds
            "temperature", Json.number options.Sampling.Temperature
            "seed", Json.whole options.Seed
        ]

    let private write (invocation: Invocation) command (network: MeasuredNetwork) options report =
        let output = invocation.Output

        if output.Json then
            output
            |> Output.json (DecodeFigures.json (settings invocation command network options) report)
        else
            let place = Figures.place invocation.Device invocation.NumberType command.Threads

            output
            |> Output.line $"{network.Architecture}; {place}, {options.Positions} positions, {options.Rounds} rounds"

            output |> Output.lines (DecodeFigures.lines output.Ink report)

    let run (invocation: Invocation) (arguments: ParseResults<BenchDecodeArguments>) =
        let invocation = invocation |> Invocation.onCpuUnlessSaid
        check invocation arguments

        let command =
            Settings.bind invocation.Output BenchDecodeCommand.settings arguments BenchDecodeCommand.usual

        let seed = defaultArg invocation.Seed DecodingSettings.usual.Seed
        use network = network invocation command seed
        let options = options command seed network
        use benchmark = new DecodeBenchmark(network, options)

        benchmark.Run(Invocation.remark invocation, invocation.Cancellation)
        |> write invocation command network options

namespace A3.Cli

open System
open System.Runtime
open Argu
open A3.Torch.Networks
open A3
open A3.Model
open A3.Bench
open A3.Runtime.Networks
open A3.Runtime.Networks.Managed
open A3.Runtime.Sampling

/// Arguments of `a3 bench decode`.
[<RequireQualifiedAccess>]
type BenchDecodeArguments =
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique; CustomCommandLine("--kv-heads")>] KvHeads of NUMBER: string
    | [<Unique>] Mlp of NUMBER: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Positions of NUMBER: string
    | [<Unique>] Groups of SIZES: string
    | [<Unique>] Threads of NUMBER: string
    | [<Unique>] Rounds of NUMBER: string
    | [<Unique>] Temperature of NUMBER: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Width _ ->
                $"width of the hidden states of a model with random weights, {Limits.width.Range} (default 288)."
            | Layers _ -> $"its blocks, {Limits.layers.Range} (default 6)."
            | Heads _ ->
                $"its attention heads, {Limits.heads.Range} (default 6); each takes an equal, even part of the width."
            | KvHeads _ ->
                $"its heads of keys and values, {Limits.heads.Range} (default: as many as heads, which they must divide)."
            | Mlp _ -> $"width of its MLP, {Limits.mlp.Range} (default: 8/3 of the width)."
            | Vocabulary _ -> $"its tokens, {Limits.vocabulary.Range} (default 32000)."
            | Positions _ ->
                $"tokens of a run, {Limits.positions.Range} (default 256, or what the model's context holds)."
            | Groups _ -> "sizes of cached groups (default 1,2,4,8)."
            | Threads _ -> $"threads of a forward pass, {Limits.threads.Range} (default: one for each processor)."
            | Rounds _ -> $"runs of each method, {Limits.rounds.Range} (default 7)."
            | Temperature _ ->
                $"0 takes the likeliest token, 1 (the default) the model's own distribution; {Limits.temperature.Range}."

/// `a3 bench decode`: how fast ways to decode are, against each other and against the machine.
[<RequireQualifiedAccess>]
module BenchDecode =

    let private isShape argument =
        match argument with
        | BenchDecodeArguments.Width _
        | BenchDecodeArguments.Layers _
        | BenchDecodeArguments.Heads _
        | BenchDecodeArguments.KvHeads _
        | BenchDecodeArguments.Mlp _
        | BenchDecodeArguments.Vocabulary _ -> true
        | BenchDecodeArguments.Positions _
        | BenchDecodeArguments.Groups _
        | BenchDecodeArguments.Threads _
        | BenchDecodeArguments.Rounds _
        | BenchDecodeArguments.Temperature _ -> false

    let private sizes positions (text: string) =
        [
            for part in text.Split ',' do
                match Numeral.tryWhole part with
                | Some size when size >= 1L && size <= int64 positions -> int size
                | Some _
                | None ->
                    raise (MisuseException $"--groups \"{text}\": expected sizes in 1..{positions}, such as 1,2,4,8.")
        ]
        |> List.distinct

    /// The shape that random weights are drawn for; its context holds all that is measured.
    let private architecture positions (arguments: ParseResults<BenchDecodeArguments>) =
        let plain =
            Architecture.create
                (arguments.TryGetResult BenchDecodeArguments.Vocabulary
                 |> Limit.orElse 32000 "--vocabulary" Limits.vocabulary)
                (arguments.TryGetResult BenchDecodeArguments.Width
                 |> Limit.orElse 288 "--width" Limits.width)
                (arguments.TryGetResult BenchDecodeArguments.Layers
                 |> Limit.orElse 6 "--layers" Limits.layers)
                (arguments.TryGetResult BenchDecodeArguments.Heads
                 |> Limit.orElse 6 "--heads" Limits.heads)
                (4 * positions + 1)

        let chosen =
            { plain with
                KvHeads =
                    arguments.TryGetResult BenchDecodeArguments.KvHeads
                    |> Limit.orElse plain.KvHeads "--kv-heads" Limits.heads
                MlpWidth =
                    arguments.TryGetResult BenchDecodeArguments.Mlp
                    |> Limit.orElse plain.MlpWidth "--mlp" Limits.mlp
            }

        match Architecture.validate chosen with
        | Ok valid when valid.Width = valid.Heads * valid.HeadWidth -> valid
        | Ok valid -> raise (MisuseException $"--width {valid.Width}: must be a multiple of --heads {valid.Heads}.")
        | Error error -> raise (MisuseException error.Message)

    /// Whether the CPU's own loops are measured; all else is libtorch's.
    let private isManaged (invocation: Invocation) =
        invocation.Device <> Device.Cuda && invocation.NumberType = NumberType.Float32

    /// Beside the weights: the tensor that is being packed, and the memory that is read for comparison.
    let private requireMemory architecture =
        let needed = 4L * Architecture.parameterCount architecture + (1L <<< 29)
        let present = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes

        if needed > present then
            raise (
                A3Exception
                    $"random weights of this shape need {Number.bytes needed}, but there are {Number.bytes present}; use a smaller width, depth or vocabulary."
            )

    /// The tensors that weights were packed from are given back before anything is measured.
    let private giveBack () =
        GCSettings.LargeObjectHeapCompactionMode <- GCLargeObjectHeapCompactionMode.CompactOnce
        GC.Collect()

    let private randomNetwork architecture seed threads : INetwork =
        requireMemory architecture
        let weights = RandomWeights(architecture, Seed.ofInt64 seed)
        new ManagedNetwork(architecture, (fun name -> weights.Read name), threads)

    let private loadedNetwork folder threads : INetwork =
        use checkpoint = Checkpoint.Open(ModelFolder.find (Some folder))

        new ManagedNetwork(
            checkpoint.Configuration.Architecture,
            (fun name -> FiniteWeights.ToWeights checkpoint[name]),
            threads
        )

    /// On the device and in the number type asked for.
    let private tensorNetwork (invocation: Invocation) seed threads shape : INetwork =
        Devices.Resolve invocation.Device |> ignore

        match invocation.Model with
        | Some folder ->
            use checkpoint = Checkpoint.Open(ModelFolder.find (Some folder))
            TorchBackend.OnTorch(checkpoint, invocation.Device, invocation.NumberType, Nullable threads)
        | None ->
            let architecture = shape ()

            if invocation.Device <> Device.Cuda then
                requireMemory architecture

            RandomWeights.OnTorch(architecture, seed, invocation.Device, invocation.NumberType, threads)

    let private configuration model =
        model
        |> Option.map (fun folder -> Checkpoint.ReadConfiguration(ModelFolder.find (Some folder)))

    /// The context of the named model decides how many positions are measured where nobody says.
    let private standardPositions model =
        configuration model
        |> Option.map (fun configuration -> min 256 (configuration.Architecture.Context - 1))
        |> Option.defaultValue 256

    let private check (invocation: Invocation) (arguments: ParseResults<BenchDecodeArguments>) =
        if invocation.Grouping.IsSome then
            raise (MisuseException "bench decode chooses its own groupings; name sizes with --groups.")

        if invocation.Model.IsSome && arguments.GetAllResults() |> Seq.exists isShape then
            raise (MisuseException "--model and a shape of random weights; give one of the two.")

    let private options positions seed bos (arguments: ParseResults<BenchDecodeArguments>) =
        let standard = DecodeBenchmarkOptions()

        DecodeBenchmarkOptions(
            Positions = positions,
            Bos = Option.toNullable bos,
            Groups =
                (arguments.TryGetResult BenchDecodeArguments.Groups
                 |> Option.map (sizes positions)
                 |> Option.defaultWith (fun () ->
                     standard.Groups |> Seq.filter (fun size -> size <= positions) |> List.ofSeq)
                 |> Array.ofList),
            Rounds =
                (arguments.TryGetResult BenchDecodeArguments.Rounds
                 |> Limit.orElse standard.Rounds "--rounds" Limits.rounds),
            Sampling =
                SamplingOptions(
                    Temperature =
                        (arguments.TryGetResult BenchDecodeArguments.Temperature
                         |> Limit.orElse 1.0 "--temperature" Limits.temperature)
                ),
            Seed = seed
        )

    /// What was measured, for whoever reads the figures.
    let private settings (invocation: Invocation) (network: INetwork) threads (options: DecodeBenchmarkOptions) =
        [
            "network", Json.text (string (A3.Architecture network.Architecture))
            "parameters", Json.whole (Architecture.parameterCount network.Architecture)
            "positions", Json.whole options.Positions
            yield! BenchDisplay.placeJson invocation.Device invocation.NumberType threads
            "rounds", Json.whole options.Rounds
            "temperature", Json.number options.Sampling.Temperature
            "seed", Json.whole options.Seed
        ]

    let run (invocation: Invocation) (arguments: ParseResults<BenchDecodeArguments>) =
        let invocation = invocation |> Options.onCpuUnlessSaid
        check invocation arguments
        let output = invocation.Output

        let positions =
            arguments.TryGetResult BenchDecodeArguments.Positions
            |> Limit.optional "--positions" Limits.positions
            |> Option.defaultWith (fun () -> standardPositions invocation.Model)

        let threads =
            arguments.TryGetResult BenchDecodeArguments.Threads
            |> Limit.orElse Environment.ProcessorCount "--threads" Limits.threads

        let seed = defaultArg invocation.Seed DecodingRequest.usual.Seed

        let options =
            arguments
            |> options positions seed (configuration invocation.Model |> Option.bind _.Bos)

        let shape () = architecture positions arguments

        use network =
            match invocation.Model with
            | _ when not (isManaged invocation) -> tensorNetwork invocation seed threads shape
            | Some folder -> loadedNetwork folder threads
            | None -> randomNetwork (shape ()) seed threads

        giveBack ()

        use benchmark = new DecodeBenchmark(network, options)

        let report =
            benchmark.Run((fun line -> output |> Output.note line), invocation.Cancellation)

        if output.Json then
            output
            |> Output.json (BenchDisplay.json (settings invocation network threads options) report)
        else
            output
            |> Output.line
                $"{A3.Architecture network.Architecture}; {BenchDisplay.place invocation.Device invocation.NumberType threads}, {positions} positions, {options.Rounds} rounds"

            output |> Output.lines (BenchDisplay.lines output.Ink report)

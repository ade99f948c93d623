namespace A3.Cli

open System
open Argu
open A3
open A3.Bench

/// What the command line of `a3 bench decode` says.
type BenchDecodeCommand =
    {
        Shape: NetworkShape
        Positions: int option
        Groups: string option
        Threads: int
        Options: DecodeBenchmarkOptions
    }

[<RequireQualifiedAccess>]
module BenchDecodeCommand =

    /// Tokens of a run, where neither the command line nor a model's context says.
    let positions = 256

    /// The context holds all that is measured.
    let private shape =
        {
            Vocabulary = 32000
            Width = 288
            Layers = 6
            Heads = 6
            KvHeads = None
            Mlp = None
            Context = 4 * positions + 1
        }

    let usual =
        {
            Shape = shape
            Positions = None
            Groups = None
            Threads = Environment.ProcessorCount
            Options = DecodeBenchmarkOptions()
        }

    let private shapes = NetworkShape.settings shape @ NetworkShape.more

    /// Whether an option is about random weights.
    let isShape option =
        shapes |> List.exists (fun setting -> "--" + setting.Name = option)

    let private sampling: Setting<SamplingOptions> list =
        [
            Setting.number
                (SamplingOptions())
                <@ fun (options: SamplingOptions) -> options.Temperature @>
                Limits.temperature
                "temperature that the logits are divided by; 0 takes the likeliest token"
        ]

    let private measured: Setting<DecodeBenchmarkOptions> list =
        [
            Setting.number
                usual.Options
                <@ fun (options: DecodeBenchmarkOptions) -> options.Rounds @>
                Limits.rounds
                "runs of each method"
            yield!
                sampling
                |> Setting.within (fun (options: DecodeBenchmarkOptions) -> options.Sampling) (fun sampling ->
                    Record.withValue
                        (Record.property <@ fun (options: DecodeBenchmarkOptions) -> options.Sampling @>)
                        (box sampling))
        ]

    let settings: Setting<BenchDecodeCommand> list =
        [
            yield!
                shapes
                |> Setting.within _.Shape (fun shape (command: BenchDecodeCommand) -> { command with Shape = shape })
            Setting.create
                "positions"
                Form.Number
                $"tokens of a run, {Limits.positions.Range} (default {positions}, or what the model's context holds)."
                (fun given command ->
                    { command with
                        Positions = Some(Limit.read given.Name Limits.positions given.Text)
                    })
            Setting.create
                "groups"
                Form.Text
                $"""sizes of the groups of cached decoding (default {usual.Options.Groups |> Seq.map string |> String.concat ","})."""
                (fun given command ->
                    { command with
                        Groups = Some given.Text
                    })
            Setting.create
                "threads"
                Form.Number
                $"threads of a forward pass, {Limits.threads.Range} (default: one for each processor)."
                (fun given command ->
                    { command with
                        Threads = Limit.read given.Name Limits.threads given.Text
                    })
            yield!
                measured
                |> Setting.within _.Options (fun options (command: BenchDecodeCommand) ->
                    { command with Options = options })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type BenchDecodeArguments =
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique>] Kv_Heads of NUMBER: string
    | [<Unique>] Mlp of NUMBER: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Positions of NUMBER: string
    | [<Unique>] Groups of SIZES: string
    | [<Unique>] Threads of NUMBER: string
    | [<Unique>] Rounds of NUMBER: string
    | [<Unique>] Temperature of NUMBER: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help BenchDecodeCommand.settings argument

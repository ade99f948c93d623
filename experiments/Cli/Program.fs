namespace A3.Cli

open System
open System.Runtime.InteropServices
open System.Threading
open Argu

/// The whole command line: what all commands understand, and the commands.
[<RequireQualifiedAccess>]
type Arguments =
    | [<Inherit; Unique>] Model of DIR: string
    | [<Inherit; Unique>] Device of NAME: string
    | [<Inherit; Unique>] Dtype of NAME: string
    | [<Inherit; Unique>] Seed of NUMBER: string
    | [<Inherit; Unique>] Grouping of TEXT: string
    | [<Inherit; Unique>] Json
    | [<Unique>] Version
    | [<CliPrefix(CliPrefix.None)>] Infill of ParseResults<WritingArguments>
    | [<CliPrefix(CliPrefix.None)>] Generate of ParseResults<WritingArguments>
    | [<CliPrefix(CliPrefix.None)>] Score of ParseResults<ScoreArguments>
    | [<CliPrefix(CliPrefix.None)>] Show of ParseResults<ShowArguments>
    | [<CliPrefix(CliPrefix.None)>] Inspect of ParseResults<InspectArguments>
    | [<CliPrefix(CliPrefix.None)>] Train of ParseResults<TrainArguments>
    | [<CliPrefix(CliPrefix.None)>] Plot of ParseResults<PlotArguments>
    | [<CliPrefix(CliPrefix.None)>] Conform of ParseResults<ConformArguments>
    | [<CliPrefix(CliPrefix.None)>] Bench of ParseResults<BenchArguments>

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Model _
            | Device _
            | Dtype _
            | Seed _
            | Grouping _ -> Settings.help Invocation.settings argument
            | Json -> "print JSON."
            | Version -> "print the version."
            | Infill _ -> "fill the gaps of a text."
            | Generate _ -> "continue a text."
            | Score _ -> "say how probable a text is."
            | Show _ -> "draw an order, its groups and its masks, or a curriculum."
            | Inspect _ -> "say what a checkpoint is: architecture, sizes, costs, tokenizer."
            | Train _ -> "make a checkpoint of text files."
            | Plot _ -> "draw how a run learned."
            | Conform _ -> "compare with the reference numbers of a fixture directory."
            | Bench _ -> "measure the speed of this program on this machine."

module Program =

    let private parser =
        lazy ArgumentParser.Create<Arguments>(programName = "a3", usageStringCharacterWidth = 100)

    /// An example for each command, and for the program itself.
    let private example argv =
        match Array.tryHead argv with
        | Some "infill" -> Writing.infillExample
        | Some "generate" -> Writing.generateExample
        | Some "score" -> Score.example
        | Some "show" -> Show.example
        | Some "inspect" -> Inspect.example
        | Some "train" -> Train.example
        | Some "plot" -> Plot.example
        | Some "conform" -> Conform.example
        | Some "bench" -> Bench.example
        | Some _
        | None -> Writing.infillExample

    let private exitCodes =
        [
            0, "done."
            Outcome.failedRun, "failed, or some rows of a batch did."
            Outcome.usageError, "a command line or a text that cannot be meant."
            Outcome.cancelled, "stopped, by Ctrl-C or a kill."
            Outcome.readerIsGone, "nobody reads the output any more, as behind | head -n 1."
        ]

    let private help argv (usage: string) =
        let codes =
            exitCodes
            |> List.map (fun (code, meaning) -> $"    {(string code).PadRight 3}  {meaning}\n")
            |> String.Concat

        $"{usage.TrimEnd()}\n\nEXAMPLE:\n\n    {example argv}\n\nEXIT CODES:\n\n{codes}"

    /// The usage of the command that a command line begins with.
    let private usageOf (argv: string[]) =
        try
            let command = argv |> Array.takeWhile (fun word -> not (word.StartsWith '-'))

            parser.Value.ParseCommandLine(Array.append (Array.truncate 1 command) [| "--help" |])
            |> ignore

            ""
        with :? ArguParseException as error ->
            error.Message

    /// Options that every command understands and this one has no use for.
    let private idle (results: ParseResults<Arguments>) =
        match results.TryGetSubCommand() with
        | Some(Arguments.Show arguments) when arguments.Contains ShowArguments.Text -> "show", [ "--device"; "--dtype" ]
        | Some(Arguments.Show _) -> "show", [ "--model"; "--device"; "--dtype" ]
        | Some(Arguments.Inspect _) -> "inspect", [ "--device"; "--dtype"; "--seed" ]
        | Some(Arguments.Plot _) -> "plot", [ "--model"; "--device"; "--dtype"; "--seed"; "--grouping" ]
        | Some(Arguments.Conform _) -> "conform", [ "--seed" ]
        | _ -> "", []

    /// Options that every command understands, as far as the command line names them.
    let private given (results: ParseResults<Arguments>) =
        let names = [ for setting in Invocation.settings -> "--" + setting.Name ]

        Settings.given results |> List.filter (fun option -> List.contains option names)

    let private noteIdle output (results: ParseResults<Arguments>) =
        let command, idle = idle results

        for option in given results |> List.filter (fun option -> List.contains option idle) do
            output |> Output.note $"{option} has no effect on a3 {command}."

    let private execute output cancellation (results: ParseResults<Arguments>) =
        let invocation =
            { Settings.bind output Invocation.settings results (Invocation.plain output cancellation) with
                Given = given results
            }

        noteIdle output results

        match results.TryGetSubCommand() with
        | Some(Arguments.Infill arguments) -> Writing.infill invocation arguments
        | Some(Arguments.Generate arguments) -> Writing.generate invocation arguments
        | Some(Arguments.Score arguments) -> Score.run invocation arguments
        | Some(Arguments.Show arguments) -> Show.run invocation arguments
        | Some(Arguments.Inspect arguments) -> Inspect.run invocation arguments
        | Some(Arguments.Train arguments) -> Train.run invocation arguments
        | Some(Arguments.Plot arguments) -> Plot.run invocation arguments
        | Some(Arguments.Conform arguments) -> Conform.run invocation arguments
        | Some(Arguments.Bench arguments) -> Bench.run invocation arguments
        | Some _
        | None when results.Contains Arguments.Version ->
            let version = typeof<Arguments>.Assembly.GetName().Version |> nonNull
            output |> Output.line (version.ToString 3)
        | Some _
        | None -> output |> Output.line (help [||] (parser.Value.PrintUsage()))

    /// The exit code of an exception, and a line that says what happened.
    let private report argv output (error: exn) =
        let code, line =
            match error with
            | :? ArguParseException as error ->
                Outcome.usageError, Outcome.oneLine $"{Usage.complaint error.Message} See a3 --help."
            | :? UnknownOptionException as error ->
                Outcome.usageError, Outcome.oneLine $"{Usage.unknownOption (usageOf argv) error.Option} See a3 --help."
            | error -> Outcome.describe error

        output.Error.WriteLine $"a3: {line}"

        if Environment.GetEnvironmentVariable "A3_DEBUG" = "1" then
            output.Error.WriteLine(string error)

        code

    /// Cancels at Ctrl-C, at a polite kill and when the terminal is closed. A second Ctrl-C or kill ends the process at once; a terminal
    /// may say more than once that it is closed.
    let private cancelOn (source: CancellationTokenSource) signal =
        let isSecond = ref false

        PosixSignalRegistration.Create(
            signal,
            fun context ->
                context.Cancel <- not isSecond.Value
                isSecond.Value <- signal <> PosixSignal.SIGHUP
                source.Cancel()
        )

    let private executeOrHelp output cancellation (argv: string[]) =
        try
            GivenArguments.requireText argv
            parser.Value.ParseCommandLine argv |> execute output cancellation
        with :? ArguParseException as error when error.ErrorCode = ErrorCode.HelpText ->
            output |> Output.line (help argv error.Message)

    let private runWhile isRead output cancellation argv =
        try
            executeOrHelp output cancellation argv
            0
        with
        // A reader that has read enough need not be told that nothing more comes; what could not be finished is said.
        | :? OperationCanceledException as error when not (isRead () || error :? StoppedException) ->
            Outcome.readerIsGone
        | error -> report argv output error

    /// Does what a command line says and gives the exit code. Never throws.
    let run output cancellation argv =
        runWhile (fun () -> true) output cancellation argv

    /// As `run`, in this process: a reader of standard output that goes away cancels what still goes on.
    [<EntryPoint>]
    let main argv =
        use source = new CancellationTokenSource()
        use _ = cancelOn source PosixSignal.SIGINT
        use _ = cancelOn source PosixSignal.SIGTERM
        use _ = cancelOn source PosixSignal.SIGHUP
        let isRead = ref true

        let leave () =
            isRead.Value <- false
            source.Cancel()

        let output = Output.standard (Array.contains "--json" argv) leave
        let code = runWhile (fun () -> isRead.Value) output source.Token argv
        if isRead.Value then code else Outcome.readerIsGone

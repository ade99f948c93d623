namespace A3.Cli

open Argu
open A3

/// Arguments of the commands that write text, `a3 infill` and `a3 generate`.
type WritingCommand =
    {
        Text: string list
        File: string option
        Wish: WritingWish
        Samples: int option
        Batch: string option
        Output: string option
        BatchSize: int option
        Trace: bool
    }

[<RequireQualifiedAccess>]
module WritingCommand =

    /// Texts that run together.
    let usualBatchSize = 16

    let settings: Setting<WritingCommand> list =
        [
            Setting.create
                "text"
                Form.Texts
                "infill: a text with gaps, ___ of the default length, {12} of 12 tokens, {8..16} of 8 to 16 by length selection, {0} to complete the word before or behind it; \\_ \\{ \\[ \\\\ are these characters themselves; generate: the beginning of a text; - reads standard input."
                (fun given command -> { command with Text = given.Texts })
            Setting.create
                "file"
                Form.Text
                "read the text from a file, in UTF-8, as it is; the line end that closes the file closes the result and is no part of the text."
                (fun given command -> { command with File = Some given.Text })
            yield!
                WritingWish.options
                |> Setting.within _.Wish (fun wish (command: WritingCommand) -> { command with Wish = wish })
            Setting.create
                "samples"
                Form.Number
                $"texts to write, {Limits.samples.Range} (default 1), with seeds that count up from --seed."
                (fun given command ->
                    { command with
                        Samples = Some(Limit.read given.Name Limits.samples given.Text)
                    })
            Setting.create
                "batch"
                Form.Text
                "a file of one JSON object a line, such as {\"id\": 7, \"prompt\": \"Tom\", \"length\": 20}, with a result a line; fields are named as options; - reads standard input, and writes each result when it is there."
                (fun given command -> { command with Batch = Some given.Text })
            Setting.create
                "output"
                Form.Text
                "the file where results of a batch go, of which this process is the only writer; the rows that are there already are not done again, and results of other rows, options or weights are refused."
                (fun given command ->
                    { command with
                        Output = Some given.Text
                    })
            Setting.create
                "batch-size"
                Form.Number
                $"texts that run together, {Limits.together.Range} (default {usualBatchSize}), which changes the speed and nothing else."
                (fun given command ->
                    { command with
                        BatchSize = Some(Limit.read given.Name Limits.together given.Text)
                    })
            Setting.create
                "trace"
                Form.Flag
                "show what each step committed, and the probability of each token."
                (fun given command -> { command with Trace = given.IsSet })
        ]

/// The same as Argu reads them.
[<RequireQualifiedAccess>]
type WritingArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Length of TOKENS: string
    | [<Unique>] Policy of TEXT: string
    | [<Unique>] Temperature of NUMBER: string
    | [<Unique; CustomCommandLine("--top-k")>] Top_K of TOKENS: string
    | [<Unique; CustomCommandLine("--top-p")>] Top_P of SHARE: string
    | Forbid of TEXT: string
    | [<Unique>] Speculative of WINDOW: string
    | [<Unique>] Revise of SWEEPS: string
    | [<Unique>] Revise_Share of SHARE: string
    | [<Unique>] Causal
    | [<Unique>] Reference
    | [<Unique>] Samples of COUNT: string
    | [<Unique>] Batch of FILE: string
    | [<Unique>] Output of FILE: string
    | [<Unique>] Batch_Size of ROWS: string
    | [<Unique>] Trace

    interface IArgParserTemplate with
        member argument.Usage = Settings.help WritingCommand.settings argument

/// `a3 infill` fills the gaps of a text, `a3 generate` continues one; both write one text, several samples of it, or a batch.
[<RequireQualifiedAccess>]
module Writing =

    let infillExample =
        "a3 infill \"Tom had a red ball. ___ He was very happy.\" --policy \"bisect | chunks 2\" --trace"

    let generateExample =
        "a3 generate \"Once upon a time\" --length 80 --temperature 0.7"

    let private withGaps text length =
        let template = Template.Parse(text, length)

        if template.Parts |> Seq.exists _.IsGap then
            template
        else
            raise (UsageException "the text has no gap to fill; write ___ or {12} where tokens are missing.")

    let private infilling =
        {
            Field = "template"
            Text =
                "One day, a girl named Sue found a little {1} in the garden. {10} The bird was happy and said, \"Thank you!\" {14} and they became good friends."
            Length = Template.DefaultGap
            Template = withGaps
        }

    let private generating =
        {
            Field = "prompt"
            Text = "Once upon a time"
            Length = 80
            Template = fun prompt length -> Template.Of [ TemplatePart.Given prompt; TemplatePart.Gap length ]
        }

    /// Options that say nothing without another, or beside it.
    let private check (command: WritingCommand) =
        let isBatch = command.Batch.IsSome

        Rules.check
            [
                command.Output.IsSome && not isBatch, "--output needs --batch FILE."
                command.BatchSize.IsSome && not (isBatch || command.Samples.IsSome),
                "--batch-size needs --batch FILE or --samples COUNT."
                isBatch && not command.Text.IsEmpty, "a text and --batch; give one of the two."
                isBatch && command.File.IsSome, "--file and --batch; give one of the two."
                isBatch && command.Samples.IsSome,
                "--samples and --batch; give a row for each sample, with seeds of their own."
                isBatch && command.Trace, "--trace and --batch; trace a single text."
            ]

    /// `--grouping`, which every command understands, is a policy where none is given.
    let private policied (invocation: Invocation) (wish: WritingWish) =
        match invocation.Grouping with
        | None -> wish.Options
        | Some _ when not (isNull wish.Options.Policy) ->
            raise (
                UsageException "--policy and --grouping say which positions are filled together; give one of the two."
            )
        | Some text ->
            let given =
                {
                    Name = "--grouping"
                    Texts = [ text ]
                    Remark = Invocation.remark invocation
                }

            let options = DecodingSettings.policy.Set given wish.Options

            match options.Policy with
            | NonNull policy when policy.IsAdaptive ->
                raise (
                    UsageException
                        $"--grouping \"{Shown.Text text}\": is an adaptive policy and no grouping; write --policy."
                )
            | _ -> options

    /// What the command line asks for.
    let private command (invocation: Invocation) (kind: WritingKind) arguments =
        let command =
            Settings.bind
                invocation.Output
                WritingCommand.settings
                arguments
                {
                    Text = []
                    File = None
                    Wish = WritingWish.usual kind
                    Samples = None
                    Batch = None
                    Output = None
                    BatchSize = None
                    Trace = false
                }

        let options = policied invocation command.Wish

        { command with
            Wish =
                { command.Wish with
                    Options = options |> DecodingSettings.seeded invocation.Seed
                    Policy =
                        arguments.TryGetResult WritingArguments.Policy
                        |> Option.orElse invocation.Grouping
                    Named = Settings.given arguments |> Seq.map _.Substring(2) |> Set.ofSeq
                }
        }

    let private given (invocation: Invocation) (kind: WritingKind) (command: WritingCommand) =
        GivenText.read invocation.Cancellation command.Text command.File
        |> Option.defaultValue (GivenText.ofWords [ kind.Text ])

    let private run (kind: WritingKind) (invocation: Invocation) (arguments: ParseResults<WritingArguments>) =
        let command = command invocation kind arguments
        check command
        WritingWish.check "--" command.Wish

        let together = defaultArg command.BatchSize WritingCommand.usualBatchSize

        match command.Batch, command.Samples with
        | Some input, _ ->
            WritingBatch.run
                invocation
                kind
                command.Wish
                {
                    Input = input
                    Output = command.Output
                    Together = together
                }
        | None, samples ->
            let given = given invocation kind command
            let template = kind.Template given.Text command.Wish.Length

            match samples with
            | Some count ->
                Decoding.samples invocation command.Wish.Options count together template
                |> Filling.writeSamples invocation.Output command.Trace given.LineEnd
            | None ->
                Decoding.run invocation command.Wish.Options template
                |> Filling.write invocation.Output command.Trace given.LineEnd

    let infill invocation arguments = run infilling invocation arguments

    let generate invocation arguments = run generating invocation arguments

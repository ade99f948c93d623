namespace A3.Cli

open Argu
open A3

/// What the command line of `a3 show` says.
type ShowCommand =
    {
        Specification: string list
        Length: int option
        Text: string option
        Given: string option
        Sorted: bool
        Tokens: int64 option
        BatchTokens: int option
        Svg: string option
    }

[<RequireQualifiedAccess>]
module ShowCommand =

    /// What training does where nothing else is said.
    let training = TrainingOptions(Data = [||], Output = "")

    /// Positions of a drawn sequence, and of a drawn curriculum's.
    let usualLength, usualCurriculumLength = 16, 64

    let usual =
        {
            Specification = []
            Length = None
            Text = None
            Given = None
            Sorted = false
            Tokens = None
            BatchTokens = None
            Svg = None
        }

    let settings: Setting<ShowCommand> list =
        [
            Setting.create
                "specification"
                Form.Texts
                "a grouping such as 'bisect | chunks 2', or a curriculum: 'curriculum TEXT', or its name."
                (fun given command ->
                    { command with
                        Specification = given.Texts
                    })
            Setting.create
                "length"
                Form.Number
                $"positions of the sequence, {Limits.drawn.Range} (default {usualLength}); of a curriculum's, {Limits.drawnCurriculum.Range} (default {usualCurriculumLength}, in words of 3 and sentences of 12)."
                (fun given command ->
                    { command with
                        Length = Some(Limit.read given.Name Limits.drawn given.Text)
                    })
            Setting.create
                "text"
                Form.Text
                "draw the tokens of a text, which has words and sentences, in place of a number of positions (by the tokenizer of --model)."
                (fun given command -> { command with Text = Some given.Text })
            Setting.create
                "given"
                Form.Text
                "positions of evidence, such as '0..3 8' (default: none)."
                (fun given command -> { command with Given = Some given.Text })
            Setting.create
                "sorted"
                Form.Flag
                "draw rows and columns of the masks by step instead of by position."
                (fun given command -> { command with Sorted = given.IsSet })
            Setting.create
                "tokens"
                Form.Number
                $"tokens of the run that a curriculum is for, {Limits.tokens.Range} (default {training.Tokens})."
                (fun given command ->
                    { command with
                        Tokens = Some(Limit.read given.Name Limits.tokens given.Text)
                    })
            Setting.create
                "batch-tokens"
                Form.Number
                $"tokens of a forward and backward pass of that run, {Limits.batchTokens.Range} (default {training.BatchTokens})."
                (fun given command ->
                    { command with
                        BatchTokens = Some(Limit.read given.Name Limits.batchTokens given.Text)
                    })
            Setting.create "svg" Form.Text "a file for the drawing, as a picture." (fun given command ->
                { command with Svg = Some given.Text })
        ]

    /// Writes the picture where one is asked for, before anything is drawn with letters.
    let save (invocation: Invocation) (command: ShowCommand) length draw =
        match command.Svg with
        | Some path when length > PartitionSvg.longest ->
            raise (
                UsageException
                    $"--svg {Shown.Text path}: pictures hold up to {PartitionSvg.longest} positions, not {length}."
            )
        | Some path -> Picture.save invocation.Output "--svg" path draw
        | None -> ()

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type ShowArguments =
    | [<MainCommand>] Specification of SPECIFICATION: string list
    | [<Unique; AltCommandLine("-n")>] Length of POSITIONS: string
    | [<Unique>] Text of TEXT: string
    | [<Unique>] Given of POSITIONS: string
    | [<Unique>] Sorted
    | [<Unique>] Tokens of COUNT: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Svg of FILE: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help ShowCommand.settings argument

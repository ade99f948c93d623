namespace A3.Cli

open Argu
open A3

/// What the command line of `a3 inspect` says.
type InspectCommand =
    {
        Directory: string option
        Tensors: bool
    }

[<RequireQualifiedAccess>]
module InspectCommand =

    let settings: Setting<InspectCommand> list =
        [
            Setting.create
                "directory"
                Form.Text
                "a checkpoint directory (default: the model in the box)."
                (fun given command ->
                    { command with
                        Directory = Some given.Text
                    })
            Setting.create
                "tensors"
                Form.Flag
                "list every tensor: name, number type, shape, bytes."
                (fun given command -> { command with Tensors = given.IsSet })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type InspectArguments =
    | [<MainCommand; Unique>] Directory of DIR: string
    | [<Unique>] Tensors

    interface IArgParserTemplate with
        member argument.Usage = Settings.help InspectCommand.settings argument

/// `a3 inspect`: what a checkpoint is, without running it.
[<RequireQualifiedAccess>]
module Inspect =

    let example = "a3 inspect experiments/models/tinystories-a3 --tensors"

    let private grouping invocation =
        let grouping = Invocation.grouping invocation

        grouping
        |> Option.iter (TextForms.refuseNeeds "--grouping" "and costs are those of any text; name sizes instead.")

        grouping

    let run (invocation: Invocation) (arguments: ParseResults<InspectArguments>) =
        let command =
            Settings.bind invocation.Output InspectCommand.settings arguments { Directory = None; Tensors = false }

        let grouping = grouping invocation

        use checkpoint =
            Words.single command.Directory
            |> Option.orElse invocation.Model
            |> ModelFolder.find
            |> Checkpoint.Open

        let inspection = Inspection.ofCheckpoint grouping checkpoint
        let output = invocation.Output
        output |> Output.notices inspection.Notices

        if output.Json then
            output |> Output.json (InspectionJson.whole command.Tensors inspection)
        else
            output |> Output.lines (InspectionText.lines output.Ink inspection)

            if command.Tensors then
                output |> Output.lines (InspectionText.tensorLines output.Ink inspection)

namespace A3.Cli

open Argu
open A3
open A3.Model

/// Arguments of `a3 inspect`.
[<RequireQualifiedAccess>]
type InspectArguments =
    | [<MainCommand; Unique>] Directory of DIR: string
    | [<Unique>] Tensors

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Directory _ -> "a checkpoint directory (default: the model in the box)."
            | Tensors -> "list every tensor."

/// `a3 inspect`: what a checkpoint is, without running it.
[<RequireQualifiedAccess>]
module Inspect =

    let example = "a3 inspect experiments/models/tinystories-a3 --tensors"

    let run (invocation: Invocation) (arguments: ParseResults<InspectArguments>) =
        let grouping =
            invocation.Grouping
            |> Option.map (fun text ->
                let grouping = Options.grouping invocation.Output "--grouping" text

                grouping
                |> Options.refuseNeeds "--grouping" "and costs are those of any text; name sizes instead."

                grouping)

        use checkpoint =
            Options.word (arguments.TryGetResult InspectArguments.Directory)
            |> Option.orElse invocation.Model
            |> ModelFolder.find
            |> Checkpoint.Open

        let inspection = Inspection.ofCheckpoint grouping checkpoint
        let listsTensors = arguments.Contains InspectArguments.Tensors
        let output = invocation.Output

        output |> Output.notices inspection.Notices

        if output.Json then
            output |> Output.json (Inspection.json listsTensors inspection)
        else
            output |> Output.lines (Inspection.lines output.Ink inspection)

            if listsTensors then
                output |> Output.lines (Inspection.tensorLines output.Ink inspection)

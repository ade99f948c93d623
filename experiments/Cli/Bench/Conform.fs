namespace A3.Cli

open System.Globalization
open Argu
open A3
open A3.Conformance

/// The directory that the command line of `a3 conform` names.
type ConformCommand = { Directory: string option }

[<RequireQualifiedAccess>]
module ConformCommand =

    let settings: Setting<ConformCommand> list =
        [
            Setting.create
                "directory"
                Form.Text
                "a checkpoint directory with cases.safetensors, decode.safetensors or expected.json."
                (fun given _ -> { Directory = Some given.Text })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type ConformArguments =
    | [<MainCommand; Unique>] Directory of DIR: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help ConformCommand.settings argument

/// `a3 conform`: whether this program computes the numbers that others computed with the same weights.
[<RequireQualifiedAccess>]
module Conform =

    let example = "a3 conform tests/fixtures/two-stream-pre-norm"

    let private show (output: Output) (item: ConformanceCase) =
        if output.Json then
            output
            |> Output.json (
                Json.record
                    [
                        "case", Json.text item.Name
                        "backend", Json.text item.Backend
                        "difference", Json.number item.Difference
                        "bound", Json.number item.Bound
                        "passed", Json.flag item.Passed
                    ]
            )
        else
            let difference =
                if item.Bound = 0.0 then
                    $"{string item.Difference} tokens differ"
                else
                    item.Difference.ToString("0.0e+00", CultureInfo.InvariantCulture)

            let verdict =
                if item.Passed then
                    Ink.text (Colour.ofLogProbability 0.0) "pass" output.Ink
                else
                    Ink.strong (Colour.ofLogProbability -100.0) "FAIL" output.Ink

            output
            |> Output.line $"{verdict}  {item.Name.PadRight 36}  {item.Backend.PadRight 15}  {difference}"

    let private grouping invocation =
        let grouping = Invocation.grouping invocation

        grouping
        |> Option.iter (
            TextForms.refuseNeeds "--grouping" "which the tokens of a case have none of; name sizes instead."
        )

        grouping |> Option.map TextForms.door |> Option.toObj

    let private cases (invocation: Invocation) folder =
        ReferenceCases.All(
            folder,
            invocation.Device,
            invocation.NumberType,
            grouping invocation,
            Invocation.remark invocation,
            invocation.Cancellation
        )

    let run (invocation: Invocation) (arguments: ParseResults<ConformArguments>) =
        let folder =
            let command =
                Settings.bind invocation.Output ConformCommand.settings arguments { Directory = None }

            match Words.single command.Directory |> Option.orElse invocation.Model with
            | Some folder -> ModelFolder.find (Some folder)
            | None -> raise (UsageException $"conform needs a directory with reference numbers: {example}")

        ReferenceCases.RequireReferences folder
        let mutable passed, failed = 0, 0

        for item in cases invocation folder do
            show invocation.Output item

            if item.Passed then
                passed <- passed + 1
            else
                failed <- failed + 1

        if not invocation.Output.Json then
            invocation.Output |> Output.line $"{passed} cases passed, {failed} failed"

        if failed > 0 then
            raise (A3Exception $"{Shown.Text folder}: {failed} of {passed + failed} cases do not conform.")

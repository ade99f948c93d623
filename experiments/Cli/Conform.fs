namespace A3.Cli

open System.Globalization
open Argu
open A3.Torch.Networks
open A3
open A3.Tensors
open A3.Conformance
open A3.Runtime.Networks
open A3.Runtime.Networks.Managed

/// Arguments of `a3 conform`.
[<RequireQualifiedAccess>]
type ConformArguments =
    | [<MainCommand; Unique>] Directory of DIR: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Directory _ -> "a checkpoint directory with cases.safetensors, decode.safetensors or expected.json."

/// `a3 conform`: whether this program computes the numbers that others computed with the same weights.
[<RequireQualifiedAccess>]
module Conform =

    let example = "a3 conform tests/fixtures/two-stream-pre-norm"

    let private managed (checkpoint: Checkpoint) =
        new ManagedNetwork(checkpoint.Configuration.Architecture, fun name -> FiniteWeights.ToWeights checkpoint[name])
        :> INetwork

    let private torch (invocation: Invocation) checkpoint =
        TorchBackend.OnTorch(checkpoint, invocation.Device, invocation.NumberType) :> INetwork

    /// The networks this machine can run, by name; a remark where libtorch is missing.
    let private backends (invocation: Invocation) checkpoint =
        [
            if invocation.Device <> Device.Cuda then
                "managed", managed checkpoint

            try
                "torch", torch invocation checkpoint
            with :? NativeLibraryException as error when invocation.Device <> Device.Cuda ->
                invocation.Output |> Output.note $"torch: left out: {error.Message}"
        ]

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

    let private cases (invocation: Invocation) folder =
        let grouping =
            invocation.Grouping
            |> Option.map (fun text ->
                let grouping = Options.grouping invocation.Output "--grouping" text

                grouping
                |> Options.refuseNeeds "--grouping" "which the tokens of a case have none of; name sizes instead."

                grouping)

        seq {
            yield! ReferenceCases.RunTokenizers folder
            use checkpoint = Checkpoint.Open folder

            for backend, network in backends invocation checkpoint do
                use network = network
                yield! ReferenceCases.Run(folder, backend, network, invocation.Cancellation)

                match grouping with
                | Some grouping -> CacheCase.Run(grouping, backend, network, invocation.Cancellation)
                | None -> ()
        }

    let run (invocation: Invocation) (arguments: ParseResults<ConformArguments>) =
        let folder =
            match
                Options.word (arguments.TryGetResult ConformArguments.Directory)
                |> Option.orElse invocation.Model
            with
            | Some folder -> ModelFolder.find (Some folder)
            | None -> raise (MisuseException $"conform needs a directory with reference numbers: {example}")

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

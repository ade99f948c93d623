namespace A3.Cli

open Argu
open A3.Runtime

/// What `infill` and `generate` share: one text, several samples of it, or a batch of texts.
[<RequireQualifiedAccess>]
module Writing =

    let private text (kind: WritingKind) (arguments: ParseResults<WritingArguments>) =
        Options.text (arguments.GetResult(WritingArguments.Text, [])) (arguments.TryGetResult WritingArguments.File)
        |> Option.defaultValue kind.Text

    let private together (arguments: ParseResults<WritingArguments>) =
        arguments.GetResult(WritingArguments.BatchSize, 16)
        |> Options.between 1 100000 "--batch-size"

    /// Options that say nothing without another, or beside it.
    let private check (arguments: ParseResults<WritingArguments>) =
        let isBatch = arguments.Contains WritingArguments.Batch
        let isSamples = arguments.Contains WritingArguments.Samples

        let rules =
            [
                arguments.Contains WritingArguments.Output && not isBatch, "--output needs --batch FILE."
                arguments.Contains WritingArguments.BatchSize && not (isBatch || isSamples),
                "--batch-size needs --batch FILE or --samples COUNT."
                isBatch && arguments.Contains WritingArguments.Text, "a text and --batch; give one of the two."
                isBatch && arguments.Contains WritingArguments.File, "--file and --batch; give one of the two."
                isBatch && isSamples, "--samples and --batch; give a row for each sample, with seeds of their own."
                isBatch && arguments.Contains WritingArguments.Trace, "--trace and --batch; trace a single text."
            ]

        for isBroken, rule in rules do
            if isBroken then
                raise (MisuseException rule)

    let run (invocation: Invocation) (kind: WritingKind) (arguments: ParseResults<WritingArguments>) =
        check arguments

        let length =
            arguments.GetResult(WritingArguments.Length, kind.Length)
            |> Options.between 1 1000000 "--length"

        let request = WritingArguments.request invocation arguments
        let trace = arguments.Contains WritingArguments.Trace

        let template () =
            kind.Template (text kind arguments) length

        match arguments.TryGetResult WritingArguments.Batch, arguments.TryGetResult WritingArguments.Samples with
        | Some input, _ ->
            let files =
                {
                    Input = input
                    Output = arguments.TryGetResult WritingArguments.Output
                    Together = together arguments
                }

            Batch.run
                invocation
                kind
                {
                    Given = None
                    Length = length
                    Request = request
                }
                files
        | None, Some count ->
            let count = Options.between 1 1000000 "--samples" count

            Decoding.samples invocation request count (together arguments) (template ())
            |> Filling.writeSamples invocation.Output trace
        | None, None ->
            Decoding.run invocation request (template ())
            |> Filling.write invocation.Output trace

namespace A3.Cli

open Argu
open A3

/// What `infill` and `generate` share: one text, several samples of it, or a batch of texts.
[<RequireQualifiedAccess>]
module Writing =

    let private given (invocation: Invocation) (kind: WritingKind) (arguments: ParseResults<WritingArguments>) =
        GivenText.read
            invocation.Cancellation
            (arguments.GetResult(WritingArguments.Text, []))
            (arguments.TryGetResult WritingArguments.File)
        |> Option.defaultValue (GivenText.ofWords [ kind.Text ])

    let private together (arguments: ParseResults<WritingArguments>) =
        arguments.TryGetResult WritingArguments.BatchSize
        |> Limit.orElse 16 "--batch-size" Limits.together

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
        let together = together arguments

        let samples =
            arguments.TryGetResult WritingArguments.Samples
            |> Limit.optional "--samples" Limits.samples

        let length =
            arguments.TryGetResult WritingArguments.Length
            |> Limit.orElse kind.Length "--length" Limits.length

        let request = WritingArguments.request invocation arguments
        check arguments
        let trace = arguments.Contains WritingArguments.Trace

        let given () =
            let given = given invocation kind arguments
            kind.Template given.Text length, given.LineEnd

        match arguments.TryGetResult WritingArguments.Batch, samples with
        | Some input, _ ->
            let files =
                {
                    Input = input
                    Output = arguments.TryGetResult WritingArguments.Output
                    Together = together
                }

            WritingBatch.run
                invocation
                kind
                {
                    Given = None
                    Parts = None
                    Length = length
                    Request = request
                }
                files
        | None, Some count ->
            let template, lineEnd = given ()

            Decoding.samples invocation request count together template
            |> Filling.writeSamples invocation.Output trace lineEnd
        | None, None ->
            let template, lineEnd = given ()

            Decoding.run invocation request template
            |> Filling.write invocation.Output trace lineEnd

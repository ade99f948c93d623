namespace A3.Cli

open System
open A3

/// Runs the model for `infill` and `generate`.
[<RequireQualifiedAccess>]
module Decoding =

    /// The model that the command line names, ready to run.
    let load (invocation: Invocation) =
        let model =
            A3Model.Load(
                ModelFolder.find invocation.Model,
                LoadOptions(Device = invocation.Device, Precision = invocation.NumberType)
            )

        invocation.Output |> Output.notices model.Notices
        model

    /// Checks what needs the model; gaps of unknown length get theirs now.
    let prepare (invocation: Invocation) (model: A3Model) (template: Template) (options: DecodingOptions) =
        if template.HasUnknownLengths && not model.Architecture.HasQueryStream then
            raise (
                UsageException
                    "a gap of unknown length such as {8..16} needs the query stream of an A3 checkpoint; give the gap one length."
            )

        model.Prepare(template, options, invocation.Cancellation)

    /// Decodes a template, before the eyes of whoever sits at the terminal.
    let run (invocation: Invocation) (options: DecodingOptions) (template: Template) =
        use model = load invocation
        let run = prepare invocation model template options

        let steps =
            if invocation.Output.Ink = Ink.Plain || invocation.Output.Json then
                Array.ofSeq (run.Steps invocation.Cancellation)
            else
                Live.watch invocation.Output model.Tokenizer options run (run.Steps invocation.Cancellation)

        {
            Text = run.Complete steps
            Seed = options.Seed
            Name = model.Tokenizer.TokenText
        }

    /// Several texts of one template, with seeds that count up; what is given runs once for all of them, and so many decodes
    /// run together.
    let samples (invocation: Invocation) (options: DecodingOptions) count together (template: Template) =
        seq {
            use model = load invocation
            use session = (prepare invocation model template options).Start()
            session.Prefill()

            let sample index =
                let seed = options.Seed + int64 index

                seed,
                Ok
                    {
                        Start = fun () -> session.Fork(Nullable seed)
                        Seed = seed
                    }

            for _, result in Decodes.inOrder model invocation.Cancellation together (Seq.init count sample) do
                match result with
                | Ok decoded -> decoded
                | Error reason -> raise (A3Exception reason)
        }

namespace A3.Cli

open System
open A3.Runtime

/// What a decode gave.
type Decoded =
    {
        Text: DecodedText
        Seed: int64
        /// What tokens are called.
        Name: int -> string
    }

    /// Filled tokens.
    member decoded.Tokens =
        decoded.Text.Steps |> Seq.sumBy (fun (step: DecodingStep) -> step.Tokens.Length)

    /// Spent on decoding; the model was loaded before.
    member decoded.Seconds =
        match Seq.tryLast decoded.Text.Steps with
        | Some step -> step.Elapsed.TotalSeconds
        | None -> 0.0

    /// Filled tokens per second.
    member decoded.Speed = float decoded.Tokens / max 1e-9 decoded.Seconds

    /// Tokens drafted, and those of them that were kept; none where decoding was not speculative.
    member decoded.Drafts =
        let counts: DraftCount list =
            [
                for step in decoded.Text.Steps do
                    if step.Drafts.HasValue then
                        step.Drafts.Value
            ]

        if counts.IsEmpty then
            None
        else
            Some(DraftCount(counts |> List.sumBy _.Proposed, counts |> List.sumBy _.Accepted))

/// Runs the model for `infill` and `generate`.
[<RequireQualifiedAccess>]
module Decoding =

    /// The model that the command line names, ready to run.
    let load (invocation: Invocation) =
        A3Model.Load(
            ModelFolder.find invocation.Model,
            LoadOptions(Device = invocation.Device, Precision = invocation.NumberType)
        )

    let private prepare (invocation: Invocation) (model: A3Model) request options (template: Template) =
        try
            let allowed = DecodingRequest.allowed model.Tokenizer request.Forbid
            model.Prepare(template, options allowed, invocation.Cancellation)
        with :? A3Exception as error ->
            raise (MisuseException error.Message)

    /// Decodes a template, before the eyes of whoever sits at the terminal.
    let run (invocation: Invocation) request (template: Template) =
        let options = DecodingRequest.options "--" request
        use model = load invocation
        let run = prepare invocation model request options template
        let steps = run.Steps invocation.Cancellation

        let steps =
            if invocation.Output.Ink = Ink.Plain || invocation.Output.Json then
                steps
            else
                Live.watch invocation.Output model.Tokenizer run steps

        {
            Text = run.Complete(Array.ofSeq steps)
            Seed = request.Seed
            Name = model.Tokenizer.TokenText
        }

    /// Several texts of one template, with seeds that count up; what is given runs once for all of them, and so many decodes
    /// run together.
    let samples (invocation: Invocation) request count together (template: Template) =
        let options = DecodingRequest.options "--" request

        seq {
            use model = load invocation
            use session = (prepare invocation model request options template).Start()
            session.Prefill()
            let seeds = Seq.init count (fun index -> request.Seed + int64 index)

            for seeds in Seq.chunkBySize together seeds do
                use batch = model.Together [| for seed in seeds -> session.Fork(Nullable seed) |]

                for seed, text in Seq.zip seeds (batch.Complete invocation.Cancellation) do
                    {
                        Text = text
                        Seed = seed
                        Name = model.Tokenizer.TokenText
                    }
        }

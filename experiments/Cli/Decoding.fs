namespace A3.Cli

open System
open System.Diagnostics
open A3.Runtime

/// What `infill` and `generate` are asked for beside their text.
type DecodingRequest =
    {
        Temperature: float option
        TopK: int option
        TopP: float option
        Speculative: int option
        Reference: bool
        Causal: bool
        Trace: bool
    }

/// What a decode gave, and how long it took.
type Decoded =
    {
        Text: DecodedText
        Seconds: float
        /// What tokens are called.
        Name: int -> string
    }

    /// Filled tokens per second.
    member decoded.Speed =
        float (Seq.sumBy (fun (step: DecodingStep) -> step.Tokens.Length) decoded.Text.Steps)
        / max 1e-9 decoded.Seconds

/// Runs the model for `infill` and `generate`.
[<RequireQualifiedAccess>]
module Decoding =

    /// Sharper than the model's own distribution, whose rare tokens spoil short texts of small models.
    let private temperature = 0.7
    let private topP = 0.95

    let defaultSeed = 1L

    /// What the network computes in.
    let precision name =
        match name with
        | Float32 -> NumberType.Float32
        | Bfloat16 -> NumberType.BFloat16
        | Float16 -> NumberType.Float16

    /// The model that the command line names, ready to run.
    let load (invocation: Invocation) =
        A3Model.Load(
            ModelFolder.find invocation.Model,
            LoadOptions(Device = invocation.Device, Precision = precision invocation.NumberType)
        )

    let private options (invocation: Invocation) request =
        DecodingOptions(
            Policy =
                (invocation.Grouping
                 |> Option.map (Options.specification "--grouping" A3.Model.Policy.parse >> A3.Policy)
                 |> Option.toObj),
            Sampling =
                SamplingOptions(
                    Temperature = defaultArg request.Temperature temperature,
                    TopK = Option.toNullable request.TopK,
                    TopP = defaultArg request.TopP topP
                ),
            Seed = defaultArg invocation.Seed defaultSeed,
            Reference = request.Reference,
            SpeculativeWindow = Option.toNullable request.Speculative,
            Causal = request.Causal
        )

    /// The same items; the clock runs while they are made, and stands while they are used.
    let private timed (clock: Stopwatch) (items: 'item seq) =
        seq {
            use each = items.GetEnumerator()

            let next () =
                clock.Start()
                let more = each.MoveNext()
                clock.Stop()
                more

            while next () do
                each.Current
        }

    /// Decodes a template, before the eyes of whoever sits at the terminal.
    let run (invocation: Invocation) request (model: A3Model) (template: Template) =
        let options = options invocation request

        let prepared =
            try
                model.Prepare(template, options)
            with :? A3Exception as error ->
                raise (MisuseException error.Message)

        let clock = Stopwatch()
        let steps = prepared.Steps invocation.Cancellation |> timed clock

        let steps =
            if invocation.Output.Ink = Ink.Plain || invocation.Output.Json then
                steps
            else
                Live.watch invocation.Output model.Tokenizer prepared steps

        {
            Text = prepared.Complete(Array.ofSeq steps)
            Seconds = clock.Elapsed.TotalSeconds
            Name = model.Tokenizer.TokenText
        }

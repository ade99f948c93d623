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
    let private temperature = 0.5
    let private topP = 0.95

    let defaultSeed = 1L

    let private sampling request =
        SamplingOptions(
            Temperature =
                (request.Temperature
                 |> Option.defaultValue temperature
                 |> Options.number
                     "of at least 0; 0 is greedy"
                     (fun value -> value >= 0.0 && Double.IsFinite value)
                     "--temperature"),
            TopK =
                (request.TopK
                 |> Option.map (Options.between 1 Int32.MaxValue "--top-k")
                 |> Option.toNullable),
            TopP =
                (request.TopP
                 |> Option.defaultValue topP
                 |> Options.number
                     "above 0 and at most 1; 1 keeps every token"
                     (fun value -> value > 0.0 && value <= 1.0)
                     "--top-p")
        )

    /// The model that the command line names, ready to run.
    let load (invocation: Invocation) =
        A3Model.Load(
            ModelFolder.find invocation.Model,
            LoadOptions(Device = invocation.Device, Precision = invocation.NumberType)
        )

    let private options (invocation: Invocation) request =
        DecodingOptions(
            Policy =
                (invocation.Grouping
                 |> Option.map (Options.specification "--grouping" A3.Model.Policy.parse >> A3.Policy)
                 |> Option.toObj),
            Sampling = sampling request,
            Seed = defaultArg invocation.Seed defaultSeed,
            Reference = request.Reference,
            SpeculativeWindow =
                (request.Speculative
                 |> Option.map (Options.between 2 1000000 "--speculative")
                 |> Option.toNullable),
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
    let run (invocation: Invocation) request (template: Template) =
        let options = options invocation request
        use model = load invocation

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

namespace A3.Cli

open Argu
open A3.Runtime

/// Arguments of `a3 infill`.
[<RequireQualifiedAccess>]
type InfillArguments =
    | [<MainCommand>] Template of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Length of TOKENS: int
    | [<Unique>] Temperature of NUMBER: float
    | [<Unique; CustomCommandLine("--top-k")>] TopK of TOKENS: int
    | [<Unique; CustomCommandLine("--top-p")>] TopP of SHARE: float
    | [<Unique>] Speculative of WINDOW: int
    | [<Unique>] Reference
    | [<Unique>] Trace

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Template _ ->
                "a text with gaps: ___ is a gap of the default length, {12} one of 12 tokens; - reads standard input."
            | File _ -> "read the text from a file."
            | Length _ -> $"tokens of a gap written ___ (default {Template.DefaultGap})."
            | Temperature _ -> "0 takes the likeliest token, 1 the model's own distribution (default 0.5)."
            | TopK _ -> "draw from only this many of the likeliest tokens."
            | TopP _ -> "draw from the likeliest tokens that reach this share of probability together (default 0.95)."
            | Speculative _ -> "draft this many tokens at once and verify them: the same distribution in fewer passes."
            | Reference -> "decode without a cache, as the authors' code does."
            | Trace -> "show what each step committed, and how sure the model was."

/// `a3 infill`: fills the gaps of a text.
[<RequireQualifiedAccess>]
module Infill =

    let example =
        "a3 infill \"Tom had a red ball. ___ He was very happy.\" --grouping \"bisect | chunks 2\" --trace"

    let private builtIn =
        "One day, a girl named Sue found a little {1} in the garden. {10} The bird was happy and said, \"Thank you!\" {14} and they became good friends."

    let private request (arguments: ParseResults<InfillArguments>) =
        {
            Temperature = arguments.TryGetResult InfillArguments.Temperature
            TopK = arguments.TryGetResult InfillArguments.TopK
            TopP = arguments.TryGetResult InfillArguments.TopP
            Speculative = arguments.TryGetResult InfillArguments.Speculative
            Reference = arguments.Contains InfillArguments.Reference
            Causal = false
            Trace = arguments.Contains InfillArguments.Trace
        }

    let private template (arguments: ParseResults<InfillArguments>) =
        let length =
            arguments.GetResult(InfillArguments.Length, Template.DefaultGap)
            |> Options.between 1 1000000 "--length"

        let text =
            Options.text
                (arguments.GetResult(InfillArguments.Template, []))
                (arguments.TryGetResult InfillArguments.File)
            |> Option.defaultValue builtIn

        let template = Template.Parse(text, length)

        if template.Parts |> Seq.exists _.IsGap then
            template
        else
            raise (MisuseException "the text has no gap to fill; write ___ or {12} where tokens are missing.")

    let run (invocation: Invocation) (arguments: ParseResults<InfillArguments>) =
        let template = template arguments
        let request = request arguments

        Decoding.run invocation request template
        |> Filling.write invocation request.Trace

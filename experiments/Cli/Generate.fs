namespace A3.Cli

open Argu
open A3.Runtime

/// Arguments of `a3 generate`.
[<RequireQualifiedAccess>]
type GenerateArguments =
    | [<MainCommand>] Prompt of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Length of TOKENS: int
    | [<Unique>] Temperature of NUMBER: float
    | [<Unique; CustomCommandLine("--top-k")>] TopK of TOKENS: int
    | [<Unique; CustomCommandLine("--top-p")>] TopP of SHARE: float
    | [<Unique>] Speculative of WINDOW: int
    | [<Unique>] Causal
    | [<Unique>] Reference
    | [<Unique>] Trace

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Prompt _ -> "the beginning of a text (default \"Once upon a time\"); - reads standard input."
            | File _ -> "read the beginning from a file."
            | Length _ -> "tokens to add (default 80)."
            | Temperature _ -> "0 takes the likeliest token, 1 the model's own distribution (default 0.5)."
            | TopK _ -> "draw from only this many of the likeliest tokens."
            | TopP _ -> "draw from the likeliest tokens that reach this share of probability together (default 0.95)."
            | Speculative _ -> "draft this many tokens at once and verify them: the same distribution in fewer passes."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does, and stop where a text ends; without a query stream it is the only way."
            | Reference -> "decode without a cache, as the authors' code does."
            | Trace -> "show what each step committed, and how sure the model was."

/// `a3 generate`: continues a text.
[<RequireQualifiedAccess>]
module Generate =

    let example = "a3 generate \"Once upon a time\" --length 80 --temperature 0.7"

    let private request (arguments: ParseResults<GenerateArguments>) =
        {
            Temperature = arguments.TryGetResult GenerateArguments.Temperature
            TopK = arguments.TryGetResult GenerateArguments.TopK
            TopP = arguments.TryGetResult GenerateArguments.TopP
            Speculative = arguments.TryGetResult GenerateArguments.Speculative
            Reference = arguments.Contains GenerateArguments.Reference
            Causal = arguments.Contains GenerateArguments.Causal
            Trace = arguments.Contains GenerateArguments.Trace
        }

    let run (invocation: Invocation) (arguments: ParseResults<GenerateArguments>) =
        let length =
            arguments.GetResult(GenerateArguments.Length, 80)
            |> Options.between 1 1000000 "--length"

        let prompt =
            Options.text
                (arguments.GetResult(GenerateArguments.Prompt, []))
                (arguments.TryGetResult GenerateArguments.File)
            |> Option.defaultValue "Once upon a time"

        let request = request arguments

        Template.Of [ TemplatePart.Given prompt; TemplatePart.Gap length ]
        |> Decoding.run invocation request
        |> Filling.write invocation request.Trace

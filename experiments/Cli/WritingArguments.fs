namespace A3.Cli

open Argu
open A3

/// Arguments of the commands that write text, `a3 infill` and `a3 generate`.
[<RequireQualifiedAccess>]
type WritingArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Length of TOKENS: string
    | [<Unique>] Policy of TEXT: string
    | [<Unique>] Temperature of NUMBER: string
    | [<Unique; CustomCommandLine("--top-k")>] TopK of TOKENS: string
    | [<Unique; CustomCommandLine("--top-p")>] TopP of SHARE: string
    | Forbid of TEXT: string
    | [<Unique>] Speculative of WINDOW: string
    | [<Unique>] Revise of SWEEPS: string
    | [<Unique; CustomCommandLine("--revise-share")>] ReviseShare of SHARE: string
    | [<Unique>] Causal
    | [<Unique>] Reference
    | [<Unique>] Samples of COUNT: string
    | [<Unique>] Batch of FILE: string
    | [<Unique>] Output of FILE: string
    | [<Unique; CustomCommandLine("--batch-size")>] BatchSize of ROWS: string
    | [<Unique>] Trace

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Text _ ->
                "infill: a text with gaps, ___ of the default length, {12} of 12 tokens, {8..16} of 8 to 16, whichever is filled likeliest, {0} to complete the word before or behind it; \\_ \\{ \\[ \\\\ are these characters themselves; generate: the beginning of a text; - reads standard input."
            | File _ ->
                "read the text from a file, in UTF-8, as it is; the line end that closes the file closes the result and is no part of the text."
            | Length _ ->
                $"tokens of a gap written ___ (default {Template.DefaultGap}), or to add to a beginning (default 80), {Limits.length.Range}."
            | Policy _ ->
                "which positions are filled together and when: a grouping such as 'bisect | chunks 2', or one that goes by how sure the model is, such as 'entropy | constant 2' (criteria: confidence, entropy, margin, random, leftmost; amounts: constant, threshold, schedule; then perhaps '| window 16')."
            | Temperature _ ->
                $"0 takes the likeliest token, 1 the model's own distribution; {Limits.temperature.Range} (default 0.5)."
            | TopK _ -> $"draw from only this many of the likeliest tokens, {Limits.topK.Range}."
            | TopP _ ->
                $"draw from the likeliest tokens that reach this share of probability together, {Limits.topP.Range} (default 0.95)."
            | Forbid _ -> "a text that must not stand in what is filled in, however tokens spell it; may be repeated."
            | Speculative _ ->
                $"draft this many tokens at once, {Limits.window.Range}, and verify them: the same distribution in fewer passes."
            | Revise _ ->
                $"then go over the filled text so many times, {Limits.sweeps.Range}, least likely tokens first, and draw each anew given all the others."
            | ReviseShare _ ->
                $"the share of the filled tokens that --revise draws anew, those that were least likely, {Limits.reviseShare.Range} (default 1: all)."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does, and stop where a text ends; without a query stream it is the only way."
            | Reference -> "decode without a cache, as the authors' code does."
            | Samples _ -> $"write this many texts, {Limits.samples.Range}, with seeds that count up from --seed."
            | Batch _ ->
                "one JSON object a line in and out, such as {\"id\": 7, \"prompt\": \"Tom\", \"length\": 20}; fields are named as options; - reads standard input, and writes each result when it is there."
            | Output _ ->
                "the file where results of a batch go, of which this process is the only writer; the rows that are there already are not done again, and results of other rows, options or weights are refused."
            | BatchSize _ ->
                $"texts that run together, {Limits.together.Range}, which changes the speed and nothing else (default 16)."
            | Trace -> "show what each step committed, and how sure the model was."

[<RequireQualifiedAccess>]
module WritingArguments =

    /// `--policy`, or `--grouping`, which every command understands.
    let private policy (invocation: Invocation) (arguments: ParseResults<WritingArguments>) =
        match arguments.TryGetResult WritingArguments.Policy, invocation.Grouping with
        | Some _, Some _ ->
            raise (
                MisuseException "--policy and --grouping say which positions are filled together; give one of the two."
            )
        | policy, None ->
            policy
            |> Option.iter (fun text -> Options.givenPolicy invocation.Output "--policy" text |> ignore)

            policy
        | None, Some text ->
            match Options.givenPolicy invocation.Output "--grouping" text with
            | A3.Model.Policy.Fixed _ -> Some text
            | A3.Model.Policy.Adaptive _ ->
                raise (MisuseException $"--grouping \"{text}\": is an adaptive policy and no grouping; write --policy.")

    /// What is asked for beside the text.
    let request (invocation: Invocation) (arguments: ParseResults<WritingArguments>) =
        let usual = DecodingRequest.usual

        {
            Policy = policy invocation arguments
            Temperature =
                arguments.TryGetResult WritingArguments.Temperature
                |> Limit.orElse usual.Temperature "--temperature" Limits.temperature
            TopK =
                arguments.TryGetResult WritingArguments.TopK
                |> Limit.optional "--top-k" Limits.topK
            TopP =
                arguments.TryGetResult WritingArguments.TopP
                |> Limit.orElse usual.TopP "--top-p" Limits.topP
            Speculative =
                arguments.TryGetResult WritingArguments.Speculative
                |> Limit.optional "--speculative" Limits.window
            Revise =
                arguments.TryGetResult WritingArguments.Revise
                |> Limit.optional "--revise" Limits.sweeps
            ReviseShare =
                arguments.TryGetResult WritingArguments.ReviseShare
                |> Limit.optional "--revise-share" Limits.reviseShare
            Forbid = arguments.GetResults WritingArguments.Forbid
            Reference = arguments.Contains WritingArguments.Reference
            Causal = arguments.Contains WritingArguments.Causal
            Seed = defaultArg invocation.Seed usual.Seed
        }

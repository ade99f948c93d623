namespace A3.Cli

open System
open System.Globalization
open Argu
open A3.Model
open A3.Runtime

/// Arguments of `a3 score`.
[<RequireQualifiedAccess>]
type ScoreArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Causal

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Text _ ->
                "the text; with [[parts]] in double brackets only these are scored, given the rest; - reads standard input."
            | File _ -> "read the text from a file."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does; the only way of a checkpoint without query stream, which takes it unasked."

/// `a3 score`: how probable a text is.
[<RequireQualifiedAccess>]
module Score =

    let example =
        "a3 score \"Tom had a red ball. [[He was very happy.]]\" --grouping \"bisect | singletons\""

    /// Pieces of a text, and whether each stands in double brackets.
    let pieces (text: string) =
        let rec read (at: int) found =
            match text.IndexOf("[[", at, StringComparison.Ordinal) with
            | -1 -> (text.Substring at, false) :: found
            | first ->
                match text.IndexOf("]]", first, StringComparison.Ordinal) with
                | -1 -> raise (MisuseException $"column {first + 1}: '[[' begins a part to score, but no ']]' follows.")
                | last ->
                    (text.Substring(first + 2, last - first - 2), true)
                    :: (text.Substring(at, first - at), false)
                    :: found
                    |> read (last + 2)

        read 0 [] |> List.rev |> List.filter (fun (piece, _) -> piece <> "")

    /// Tokens with BOS, and the positions in double brackets.
    let private encode (model: A3Model) pieces =
        let tokens = ResizeArray()

        match model.Tokenizer.BosId with
        | id when id.HasValue -> tokens.Add id.Value
        | _ -> raise (A3Exception "the tokenizer names no BOS token, which every text starts with.")

        let marked =
            [|
                for text, isMarked in pieces do
                    let ids =
                        if tokens.Count = 1 then
                            model.Tokenizer.Encode(text, false)
                        else
                            model.Tokenizer.EncodeContinuation text

                    if isMarked then
                        yield! [| tokens.Count .. tokens.Count + ids.Length - 1 |]

                    tokens.AddRange ids
            |]

        if tokens.Count > model.Architecture.Context then
            raise (
                MisuseException
                    $"the text takes {tokens.Count} positions, but the model's context holds {model.Architecture.Context}; shorten the text."
            )

        tokens.ToArray(), marked

    let private grouping (invocation: Invocation) =
        match invocation.Grouping with
        | Some text -> Options.specification "--grouping" Grouping.parse text
        | None -> Grouping.singletons Order.LeftToRight

    /// BOS and all that is not marked is given; without marks everything after BOS is scored.
    let private partition (model: A3Model) grouping (tokens: int[]) (marked: int[]) =
        let shape = TextShape.Of(tokens.AsSpan(), model.Tokenizer)

        if marked.Length = 0 then
            shape
        else
            { shape with
                Evidence = [| [| 0 .. tokens.Length - 1 |] |> Array.except marked |]
            }
        |> fun shape -> A3.Partition(Grouping.resolve shape grouping)

    let private score (invocation: Invocation) causal (model: A3Model) text =
        let tokens, marked = pieces text |> encode model

        if tokens.Length < 2 then
            raise (MisuseException "the text is empty; there is nothing to score.")

        if causal || not model.Architecture.HasQueryStream then
            if marked.Length > 0 || invocation.Grouping.IsSome then
                raise (
                    MisuseException
                        "[[parts]] and --grouping need a query stream, which this way of scoring has not; score the whole text left to right."
                )

            tokens, model.ScoreCausal(text, invocation.Cancellation)
        else
            tokens, model.Score(tokens, partition model (grouping invocation) tokens marked, invocation.Cancellation)

    /// Every token with the text it completes and, where it was scored, its log-probability.
    let private withTexts (model: A3Model) (tokens: int[]) (score: TextScore) =
        let stream = TextStream(model.Tokenizer, false)

        let scores =
            score.Tokens
            |> Seq.map (fun item -> item.Position, item.LogProbability)
            |> Map.ofSeq

        tokens
        |> Array.mapi (fun position token -> token, stream.Push token, scores |> Map.tryFind position)

    let private number (format: string) (value: float) =
        value.ToString(format, CultureInfo.InvariantCulture)

    let private heat ink tokens =
        tokens
        |> Seq.map (fun (_, text: string, score) ->
            match score with
            | Some score -> Ink.text (Colour.ofLogProbability score) text ink
            | None -> Ink.dim text ink)
        |> String.Concat

    let private table (model: A3Model) tokens =
        [
            "position  log-probability  token"
            for position, (token, _, score) in Seq.indexed tokens do
                match score with
                | Some score ->
                    $"""{(string position).PadLeft 8}  {(number "0.0000" score).PadLeft 15}  {Trace.quoted (model.Tokenizer.TokenText token)}"""
                | None -> ()
        ]

    let private totals (score: TextScore) =
        [
            $"""log-probability  {number "0.0000" score.LogProbability} nats, {score.Tokens.Length} tokens, {score.Bytes} bytes"""
            $"""bits per byte    {number "0.0000" score.BitsPerByte}"""
            $"""perplexity       {number "0.00" score.Perplexity} per token"""
        ]

    let private json (model: A3Model) grouping tokens (score: TextScore) =
        Json.record
            [
                "log_probability", Json.number score.LogProbability
                "bits_per_byte", Json.number score.BitsPerByte
                "perplexity", Json.number score.Perplexity
                "bytes", Json.whole score.Bytes
                "grouping",
                (if isNull score.Partition then
                     null
                 else
                     Json.text (Grouping.print grouping))
                "tokens",
                Json.list
                    [
                        for position, (token: int, _, logProbability) in Seq.indexed tokens do
                            match logProbability with
                            | Some logProbability ->
                                Json.record
                                    [
                                        "position", Json.whole position
                                        "id", Json.whole token
                                        "token", Json.text (model.Tokenizer.TokenText token)
                                        "log_probability", Json.number logProbability
                                    ]
                            | None -> ()
                    ]
            ]

    let run (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        let text =
            match
                Options.text (arguments.GetResult(ScoreArguments.Text, [])) (arguments.TryGetResult ScoreArguments.File)
            with
            | Some text -> text
            | None -> raise (MisuseException $"score needs a text: {example}")

        let grouping = grouping invocation
        use model = Decoding.load invocation

        let tokens, score =
            score invocation (arguments.Contains ScoreArguments.Causal) model text

        let tokens = withTexts model tokens score
        let output = invocation.Output

        if output.Json then
            output |> Output.json (json model grouping tokens score)
        elif output.Ink = Ink.Plain then
            output |> Output.lines (table model tokens @ [ "" ] @ totals score)
        else
            output |> Output.line (heat output.Ink tokens)
            output |> Output.line ""
            output |> Output.lines (totals score)

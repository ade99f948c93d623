namespace A3.Cli

open System
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
            | Text _ -> "the text; of one with [[parts]] only these are scored, given the rest; - reads standard input."
            | File _ -> "read the text from a file."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does; a checkpoint without query stream always does."

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
                    $"{tokens.Count} positions of text, but the model's context holds {model.Architecture.Context}; shorten it."
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
                        "[[parts]] and --grouping need the query stream of an A3 checkpoint; without it, score the whole text."
                )

            tokens, model.ScoreCausal(text, invocation.Cancellation)
        else
            tokens, model.Score(tokens, partition model (grouping invocation) tokens marked, invocation.Cancellation)

    let run (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        let text =
            match
                Options.text (arguments.GetResult(ScoreArguments.Text, [])) (arguments.TryGetResult ScoreArguments.File)
            with
            | Some text -> text
            | None -> raise (MisuseException $"score needs a text: {example}")

        let grouping = grouping invocation
        use model = Decoding.load invocation

        let ids, score =
            score invocation (arguments.Contains ScoreArguments.Causal) model text

        let tokens = ScoredText.tokens model.Tokenizer ids score
        let output = invocation.Output

        if output.Json then
            output |> Output.json (ScoredText.json (Grouping.print grouping) tokens score)
        elif output.Ink = Ink.Plain then
            output
            |> Output.lines (ScoredText.table tokens @ [ "" ] @ ScoredText.totals score)
        else
            output |> Output.line (ScoredText.heat output.Ink tokens)
            output |> Output.line ""
            output |> Output.lines (ScoredText.totals score)

namespace A3.Cli

open System
open A3
open A3.Model
open A3.Runtime

/// Texts of which parts stand in `[[double brackets]]`: those are scored, given the rest.
[<RequireQualifiedAccess>]
module MarkedText =

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
    let encode (model: A3Model) pieces =
        let tokens = ResizeArray()

        tokens.Add(EncodedTemplate.Bos model.Tokenizer)

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

        if tokens.Count < 2 then
            raise (MisuseException "the text is empty; there is nothing to score.")

        tokens.ToArray(), marked

    /// BOS and all that is not marked is given; without marks everything after BOS is scored.
    let partition (model: A3Model) grouping (tokens: int[]) (marked: int[]) =
        let shape = TextShape.Of(tokens.AsSpan(), model.Tokenizer)

        if marked.Length = 0 then
            shape
        else
            { shape with
                Evidence = [| [| 0 .. tokens.Length - 1 |] |> Array.except marked |]
            }
        |> fun shape -> A3.Partition(Grouping.resolve shape grouping)

    /// Exact scoring of any part given any other is what the query stream is for.
    let requireQueryStream (model: A3Model) option =
        if not model.Architecture.HasQueryStream then
            raise (MisuseException $"{option} needs the query stream of an A3 checkpoint; this one has none.")

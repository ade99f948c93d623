namespace A3.Cli

open System
open System.Text.Json.Nodes
open A3
open A3.Model

/// Batches of texts to be scored.
[<RequireQualifiedAccess>]
module ScoreBatch =

    let private grouping (wish: ScoreWish) =
        match wish.Grouping with
        | Some text -> TextForms.grouping ignore "grouping" text
        | None -> Grouping.singletons Order.LeftToRight

    /// A token or a partition of a row that do not fit are the row's fault.
    let private asRow work =
        try
            work ()
        with :? ArgumentException as error ->
            raise (UsageException(Outcome.argumentMessage error))

    /// The partition of a text whose first token is given.
    let private resolved (model: A3Model) grouping (tokens: int[]) =
        let door = TextForms.door grouping

        if door.NeedsText then
            let starts = TextStarts.Of(ReadOnlySpan tokens, model.Tokenizer)
            door.Resolve(tokens.Length, [| 0 |], Seq.toArray starts.Words, Seq.toArray starts.Sentences)
        else
            door.Resolve(tokens.Length, [| 0 |])

    let private ofTokens (invocation: Invocation) (model: A3Model) (wish: ScoreWish) (tokens: int list) =
        let partition =
            match wish.Partition with
            | Some text -> TextForms.partition "partition" text |> Partition.print |> A3.Partition.Parse
            | None -> asRow (fun () -> resolved model (grouping wish) (List.toArray tokens))

        asRow (fun () -> model.Score(tokens, partition, List.toArray wish.Borders, invocation.Cancellation))

    let private score (invocation: Invocation) (model: A3Model) (scored, wish: ScoreWish) =
        let name = model.Tokenizer.TokenText
        let printed = Grouping.print (grouping wish)

        match scored with
        | ScoredRow.Gaps template ->
            ScoredText.requireQueryStream model "alternatives"

            let ranked =
                Alternatives.rank model invocation (grouping wish) template wish.Alternatives

            Alternatives.json name printed ranked
        | ScoredRow.Tokens tokens -> ofTokens invocation model wish tokens |> ScoredText.json printed name
        | ScoredRow.Marked text when wish.Causal || not model.Architecture.HasQueryStream ->
            if text.HasTargets || wish.Grouping.IsSome then
                raise (UsageException "marked parts and 'grouping' need the query stream of an A3 checkpoint.")

            model.ScoreCausal(text.Text, wish.End, invocation.Cancellation)
            |> ScoredText.json printed name
        | ScoredRow.Marked text ->
            model.Score(text, TextForms.door (grouping wish), wish.End, invocation.Cancellation)
            |> ScoredText.json printed name

    let private written (result: JsonNode | null) =
        match result with
        | :? JsonObject as record -> [ for field in record -> field.Key, Json.copy field.Value ]
        | _ -> []

    let private count (result: JsonNode | null) =
        match result with
        | :? JsonObject as record ->
            match record["tokens"] with
            | :? JsonArray as tokens -> tokens.Count
            | _ -> 0
        | _ -> 0

    /// Scores a file of rows, one after the other.
    let run (invocation: Invocation) (usual: ScoreWish) files =
        Batch.run
            invocation
            {
                Options = $"score {usual.Grouping} {usual.Causal} {usual.End}"
                Read = ScoreWish.read usual
                Run =
                    fun model _ rows ->
                        rows
                        |> Seq.map (fun row ->
                            row,
                            row.Work
                            |> Result.bind (fun work -> Outcome.attempt (fun () -> score invocation model work)))
                Fields = written
                Tokens = count
            }
            files

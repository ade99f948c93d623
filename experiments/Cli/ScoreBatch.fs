namespace A3.Cli

open System
open System.Collections.Immutable
open System.Text.Json
open System.Text.Json.Nodes
open A3
open A3.Model
open A3.Runtime.Api

/// What a row of `a3 score --batch` gives to be scored.
[<RequireQualifiedAccess>]
type ScoredRow =
    | Marked of MarkedText
    /// The fields that a template with gaps is made of, for alternatives.
    | Gaps of Template
    /// Tokens, with the partition and the borders that they were decoded by, or all behind the first.
    | Tokens of int list

/// What a row asks for; what it does not say, the command line does.
type ScoreWish =
    {
        /// Of the fields `text`, `template`, `parts` and `tokens`, those that a row has.
        Given: (string * JsonElement) list
        Alternatives: string list list
        Grouping: string option
        Partition: string option
        Borders: Border list
        Causal: bool
        End: bool
    }

/// Batches of texts to be scored.
[<RequireQualifiedAccess>]
module ScoreBatch =

    let private given name =
        {
            Name = name
            Set =
                fun value (wish: ScoreWish) ->
                    { wish with
                        Given = (name, value.Clone()) :: wish.Given
                    }
        }

    let private alternative name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.String -> [ RowFields.text name value ]
        | _ -> RowFields.texts name value

    let private alternatives name (value: JsonElement) =
        if value.ValueKind <> JsonValueKind.Array then
            RowFields.wrong name value "a list of texts, or of lists of a text for each gap"

        [ for item in value.EnumerateArray() -> alternative name item ]

    let private token name (value: JsonElement) =
        RowFields.number (Limit.whole 0 Int32.MaxValue) name value

    let private tokens name (value: JsonElement) =
        if value.ValueKind <> JsonValueKind.Array then
            RowFields.wrong name value "a list of token ids"

        [ for item in value.EnumerateArray() -> token name item ]

    let private border name (value: JsonElement) =
        let expected = "borders as infill writes them: position, side, bytes"

        let field (key: string) =
            match value.ValueKind with
            | JsonValueKind.Object ->
                match value.TryGetProperty key with
                | true, found -> found
                | false, _ -> RowFields.wrong name value expected
            | _ -> RowFields.wrong name value expected

        let side =
            match RowFields.text name (field "side") with
            | "before" -> BorderSide.Before
            | "behind" -> BorderSide.Behind
            | _ -> RowFields.wrong name value expected

        let bytes =
            tokens name (field "bytes")
            |> List.map (fun byte ->
                if byte < 256 then
                    Operators.byte byte
                else
                    RowFields.wrong name value expected)

        Border(token name (field "position"), side, ImmutableArray.CreateRange bytes)

    let private borders name (value: JsonElement) =
        if value.ValueKind <> JsonValueKind.Array then
            RowFields.wrong name value "a list of borders"

        [ for item in value.EnumerateArray() -> border name item ]

    let private fields =
        [
            given "text"
            given "template"
            given "parts"
            given "tokens"
            RowFields.field "alternatives" alternatives (fun texts wish -> { wish with Alternatives = texts })
            RowFields.field "grouping" RowFields.text (fun grouping wish -> { wish with Grouping = Some grouping })
            RowFields.field "partition" RowFields.text (fun partition wish -> { wish with Partition = Some partition })
            RowFields.field "borders" borders (fun borders wish -> { wish with Borders = borders })
            RowFields.field "causal" RowFields.flag (fun causal wish -> { wish with Causal = causal })
            RowFields.field "end" RowFields.flag (fun counts wish -> { wish with End = counts })
        ]

    let private read usual (_: int) (row: JsonElement) =
        let wish = row |> RowFields.read fields usual

        let scored =
            match wish.Given, wish.Alternatives with
            | [ "text", value ], [] -> ScoredRow.Marked(MarkedText.Plain(RowFields.text "text" value))
            | [ "template", value ], [] -> ScoredRow.Marked(MarkedText.Parse(RowFields.text "template" value))
            | [ "parts", value ], [] -> ScoredRow.Marked(PartsJson.marked "parts" value)
            | [ "template", value ], _ -> ScoredRow.Gaps(Template.Parse(RowFields.text "template" value))
            | [ "parts", value ], _ -> ScoredRow.Gaps(PartsJson.template "parts" value)
            | [ "tokens", value ], [] -> ScoredRow.Tokens(tokens "tokens" value)
            | [ name, _ ], _ ->
                raise (
                    MisuseException
                        $"'{name}' and 'alternatives': alternatives are ranked for the gaps of a template or of parts."
                )
            | _ ->
                raise (
                    MisuseException
                        "expected one of the fields 'text', 'template', 'parts' and 'tokens', which say what is scored."
                )

        match scored, wish.Partition, wish.Borders with
        | ScoredRow.Tokens _, None, []
        | ScoredRow.Tokens _, Some _, _
        | (ScoredRow.Marked _ | ScoredRow.Gaps _), None, [] -> scored, wish
        | _ -> raise (MisuseException "'partition' and 'borders' belong to 'tokens', and borders to a partition.")

    let private grouping (wish: ScoreWish) =
        match wish.Grouping with
        | Some text -> Options.rowGrouping "grouping" text
        | None -> Grouping.singletons Order.LeftToRight

    /// A token or a partition of a row that do not fit are the row's fault.
    let private asRow work =
        try
            work ()
        with :? ArgumentException as error ->
            raise (MisuseException(Outcome.argumentMessage error))

    let private ofTokens (invocation: Invocation) (model: A3Model) (wish: ScoreWish) (tokens: int list) =
        let partition =
            match wish.Partition with
            | Some text -> A3.Partition(Options.partition "partition" text)
            | None ->
                let grouping = grouping wish

                let shape =
                    if (Grouping.needs grouping).IsEmpty then
                        Shape.ofLength tokens.Length |> Shape.given [ 0 ]
                    else
                        asRow (fun () -> TextShape.Of(ReadOnlySpan(List.toArray tokens), model.Tokenizer))

                A3.Partition(Grouping.resolve shape grouping)

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
                raise (MisuseException "marked parts and 'grouping' need the query stream of an A3 checkpoint.")

            model.ScoreCausal(text.Text, wish.End, invocation.Cancellation)
            |> ScoredText.json printed name
        | ScoredRow.Marked text ->
            model.Score(text, A3.Grouping(grouping wish), wish.End, invocation.Cancellation)
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
                Read = read usual
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

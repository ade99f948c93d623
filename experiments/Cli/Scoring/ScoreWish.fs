namespace A3.Cli

open System
open System.Collections.Immutable
open System.Text.Json
open A3

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

/// Fields of the rows of `a3 score --batch`.
[<RequireQualifiedAccess>]
module ScoreWish =

    let usual =
        {
            Given = []
            Alternatives = []
            Grouping = None
            Partition = None
            Borders = []
            Causal = false
            End = false
        }

    /// Options of the command line that are fields of rows, too.
    let options: Setting<ScoreWish> list =
        [
            Setting.create
                "causal"
                Form.Flag
                "score by the content stream, as an ordinary LLaMA does; a checkpoint without query stream always does."
                (fun given wish -> { wish with Causal = given.IsSet })
            Setting.create "end" Form.Flag "score the end of the text too, as generate counts it." (fun given wish ->
                { wish with End = given.IsSet })
        ]

    let private given name =
        RowFields.field name (fun _ (value: JsonElement) -> value.Clone()) (fun value (wish: ScoreWish) ->
            { wish with
                Given = (name, value) :: wish.Given
            })

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
            yield! options |> List.map RowFields.ofSetting
        ]

    /// What a row asks for.
    let read usual (_: int) (row: JsonElement) =
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
                    UsageException
                        $"'{name}' and 'alternatives': alternatives are ranked for the gaps of a template or of parts."
                )
            | _ ->
                raise (
                    UsageException
                        "expected one of the fields 'text', 'template', 'parts' and 'tokens', which say what is scored."
                )

        match scored, wish.Partition, wish.Borders with
        | ScoredRow.Tokens _, None, []
        | ScoredRow.Tokens _, Some _, _
        | (ScoredRow.Marked _ | ScoredRow.Gaps _), None, [] -> scored, wish
        | _ -> raise (UsageException "'partition' and 'borders' belong to 'tokens', and borders to a partition.")

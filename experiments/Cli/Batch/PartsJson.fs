namespace A3.Cli

open System.Text.Json
open A3

/// A piece of a text in a row: a string is given as it is; `{"gap": 8}`, `{"gap": "4..12"}` and `{"score": "text"}` are what they say.
type private RowPart =
    | Given of string
    | Gap of TemplatePart
    | Scored of string

/// Texts in pieces, in which nothing is ever an escape.
[<RequireQualifiedAccess>]
module PartsJson =

    let private expected =
        "texts that are given, gaps such as {\"gap\": 8} or {\"gap\": \"4..12\"}, and texts to score such as {\"score\": \"red\"}"

    let private gap name (value: JsonElement) =
        let form =
            if value.ValueKind = JsonValueKind.String then
                value.GetString()
            else
                value.GetRawText()

        match Template.TryParse($"{{{form}}}", Template.DefaultGap) with
        | true, template, _ ->
            match template with
            | NonNull template when template.Parts.Length = 1 && template.Parts[0].IsGap -> template.Parts[0]
            | _ -> RowFields.wrong name value expected
        | false, _, _ -> RowFields.wrong name value expected

    let private part name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.String -> Given(RowFields.text name value)
        | JsonValueKind.Object ->
            match List.ofSeq (value.EnumerateObject()) with
            | [ field ] when field.Name = "gap" -> Gap(gap name field.Value)
            | [ field ] when field.Name = "score" -> Scored(RowFields.text name field.Value)
            | _ -> RowFields.wrong name value expected
        | _ -> RowFields.wrong name value expected

    let private parts name (value: JsonElement) =
        if value.ValueKind <> JsonValueKind.Array then
            RowFields.wrong name value $"a list of {expected}"

        [ for item in value.EnumerateArray() -> part name item ]

    /// Given texts and gaps.
    let template name (value: JsonElement) =
        parts name value
        |> List.map (function
            | Given text -> TemplatePart.Given text
            | Gap gap -> gap
            | Scored _ -> RowFields.wrong name value "texts that are given and gaps")
        |> Template.Of

    /// Given texts and texts to score.
    let marked name (value: JsonElement) =
        parts name value
        |> List.map (function
            | Given text -> MarkedPart(text, false)
            | Scored text -> MarkedPart(text, true)
            | Gap _ -> RowFields.wrong name value "texts that are given and texts to score")
        |> MarkedText.Of

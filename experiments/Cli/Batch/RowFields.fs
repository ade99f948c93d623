namespace A3.Cli

open System
open System.Text.Json
open A3
open A3.Model

/// A field that a row may have, and what its value changes in what the row asks for.
type RowField<'wish> =
    {
        Name: string
        /// Names of version 0.1, which are still understood.
        OldNames: string list
        Set: string -> JsonElement -> 'wish -> 'wish
    }

/// Values of the fields of a row, checked.
[<RequireQualifiedAccess>]
module RowFields =

    /// Refuses a value.
    let wrong name (value: JsonElement) expected =
        raise (UsageException $"{name} {Shown.Text(value.GetRawText())}: expected {expected}.")

    let text name (value: JsonElement) =
        if value.ValueKind = JsonValueKind.String then
            value.GetString() |> string
        else
            wrong name value "a text"

    /// The digits of a number.
    let private digits name (value: JsonElement) =
        if value.ValueKind = JsonValueKind.Number then
            value.GetRawText()
        else
            wrong name value "a number"

    /// A number that keeps its limit.
    let number limit name (value: JsonElement) =
        Limit.read name limit (digits name value)

    let flag name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.True -> true
        | JsonValueKind.False -> false
        | _ -> wrong name value "true or false"

    let texts name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.String -> [ text name value ]
        | JsonValueKind.Array -> [ for item in value.EnumerateArray() -> text name item ]
        | _ -> wrong name value "a text or a list of texts"

    /// A field of a name, what reads its value and what that changes.
    let field name read (set: 'value -> 'wish -> 'wish) =
        {
            Name = name
            OldNames = []
            Set = fun name -> read name >> set
        }

    let private given (setting: Setting<'wish>) name value =
        {
            Name = name
            Texts =
                match setting.Form with
                | Form.Number -> [ digits name value ]
                | Form.Text -> [ text name value ]
                | Form.Texts -> texts name value
                | Form.Flag -> [ (if flag name value then "true" else "false") ]
            Remark = ignore
        }

    /// A setting as a field of its name.
    let ofSetting (setting: Setting<'wish>) =
        {
            Name = setting.Name
            OldNames = setting.OldNames
            Set = fun name value -> setting.Set(given setting name value)
        }

    let private unknown (known: RowField<'wish> list) name =
        let names = known |> List.map _.Name

        let hint =
            match Suggestion.nearest names name with
            | Some near -> $" (did you mean '{near}'?)"
            | None -> ""

        raise (
            UsageException
                $"""unknown field '{Shown.Text name}'{hint}; the fields are id, {String.Join(", ", names)}."""
        )

    /// What a row asks for whose fields are these; the id is the batch's own.
    let read (known: RowField<'wish> list) usual (row: JsonElement) =
        let isCalled name (field: RowField<'wish>) =
            field.Name = name || List.contains name field.OldNames

        let set wish (given: JsonProperty) =
            match known |> List.tryFind (isCalled given.Name) with
            | Some field -> field.Set given.Name given.Value wish
            | None when given.Name = "id" -> wish
            | None -> unknown known given.Name

        row.EnumerateObject() |> Seq.fold set usual

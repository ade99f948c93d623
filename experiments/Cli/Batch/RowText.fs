namespace A3.Cli

open System
open System.Globalization
open System.Text.Json
open A3

/// The JSON object of a line, or the place of what is wrong with it.
[<RequireQualifiedAccess>]
module RowText =

    let private refuse message = raise (UsageException message)

    let private escapeLength = 6

    /// The UTF-16 unit that an escape stands for; none where there is none.
    let private escaped (line: string) at =
        let mutable unit = 0us

        if
            at + escapeLength <= line.Length
            && line.AsSpan(at).StartsWith("\\u")
            && UInt16.TryParse(
                line.AsSpan(at + 2, 4),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                &unit
            )
        then
            Some(char unit)
        else
            None

    /// Index of the escape of half a surrogate pair, which the grammar of JSON allows and no text can hold.
    let halfPair (line: string) =
        let rec from (at: int) =
            match line.IndexOf('\\', min at line.Length) with
            | -1 -> None
            | found ->
                match escaped line found, escaped line (found + escapeLength) with
                | Some high, Some low when Char.IsSurrogatePair(high, low) -> from (found + 2 * escapeLength)
                | Some half, _ when Char.IsSurrogate half -> Some found
                | _ -> from (found + 2)

        from 0

    let private decoded (line: JsonLine) =
        if line.IsTooLong then
            refuse $"more than {JsonLines.Longest} bytes; expected one JSON object a line."

        try
            WellFormed.Decode(line.Content, "line", line.Start)
        with :? A3Exception as error ->
            refuse $"{error.Place}: {error.Rule}"

    let private requireWholePairs (line: string) =
        match halfPair line with
        | Some at ->
            refuse
                $"column {at + 1}: {line.Substring(at, escapeLength)} is half a surrogate pair, which no UTF-8 can hold; give whole characters."
        | None -> line

    /// What .NET says, without the place behind it.
    let private cause (error: JsonException) =
        error.Message.Split " LineNumber:" |> Array.head |> Shown.Text

    let private options = JsonDocumentOptions(AllowDuplicateProperties = false)

    let private parsed (line: string) =
        try
            use document = JsonDocument.Parse(line, options)
            document.RootElement.Clone()
        with :? JsonException as error ->
            match Option.ofNullable error.BytePositionInLine with
            | Some column -> refuse $"column {column + 1L}: is not JSON: {cause error}"
            | None -> refuse $"is no object with every field once: {cause error}"

    /// The fields of a line.
    let fields line =
        let row = decoded line |> requireWholePairs |> parsed

        if row.ValueKind <> JsonValueKind.Object then
            refuse "is not a JSON object."

        row

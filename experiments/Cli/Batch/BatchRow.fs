namespace A3.Cli

open System
open System.Security.Cryptography
open System.Text.Json
open System.Text.Json.Nodes

/// One line of the input of a batch.
type BatchRow<'work> =
    {
        /// Counted from 1.
        Line: int
        /// A fingerprint of the line.
        Input: string
        /// As it was given: a text, a number or nothing.
        Id: JsonNode | null
        /// What is to be done, or why nothing can be.
        Work: Result<'work, string>
    }

/// Lines as rows, whatever is done with them.
[<RequireQualifiedAccess>]
module BatchRow =

    /// Sixteen hexadecimal digits that tell lines apart; line ends do not count.
    let fingerprint (line: JsonLine) =
        Convert.ToHexStringLower(ReadOnlySpan(SHA256.HashData line.Content, 0, 8))

    let private identity (row: JsonElement) : JsonNode | null =
        match row.TryGetProperty "id" with
        | false, _ -> null
        | true, id when id.ValueKind = JsonValueKind.String || id.ValueKind = JsonValueKind.Number ->
            JsonValue.Create id
        | true, id -> RowFields.wrong "id" id "a text or a number"

    /// Reads a line; what a row asks for is read of the number of its line and its fields.
    let read (work: int -> JsonElement -> 'work) (line: JsonLine) =
        let fields = Outcome.attempt (fun () -> RowText.fields line)

        let id =
            fields
            |> Result.bind (fun fields -> Outcome.attempt (fun () -> identity fields))

        {
            Line = line.Number
            Input = fingerprint line
            Id = Result.defaultValue null id
            Work =
                Result.bind
                    (fun fields -> Result.bind (fun _ -> Outcome.attempt (fun () -> work line.Number fields)) id)
                    fields
        }

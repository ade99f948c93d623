namespace A3.Cli

open System
open System.Security.Cryptography
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open A3.Runtime

/// What tells `infill` and `generate` apart.
type WritingKind =
    {
        /// What a row of a batch calls its text.
        Field: string
        /// The text where none is given.
        Text: string
        /// The length where none is given.
        Length: int
        /// What is to be filled, of a text and a length.
        Template: string -> int -> Template
    }

/// What a row of a batch asks for; what it does not say, the command line does.
type BatchWish =
    {
        Given: string option
        Length: int
        Request: DecodingRequest
    }

/// One line of the input of a batch.
type BatchRow =
    {
        /// Counted from 1.
        Line: int
        /// A fingerprint of the line and of what the command line says about it.
        Input: string
        /// As it was given: a text, a number or nothing.
        Id: JsonNode | null
        /// What is to be filled and how, or why it cannot be.
        Work: Result<Template * DecodingRequest, string>
    }

[<RequireQualifiedAccess>]
module BatchRow =

    let private wrong name (value: JsonElement) expected =
        raise (MisuseException $"{name} {value.GetRawText()}: expected {expected}.")

    let private text name (value: JsonElement) =
        if value.ValueKind = JsonValueKind.String then
            value.GetString() |> string
        else
            wrong name value "a text"

    /// A number that keeps its limit.
    let private number limit name (value: JsonElement) =
        if value.ValueKind = JsonValueKind.Number then
            Limit.read name limit (value.GetRawText())
        else
            wrong name value "a number"

    let private flag name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.True -> true
        | JsonValueKind.False -> false
        | _ -> wrong name value "true or false"

    let private texts name (value: JsonElement) =
        match value.ValueKind with
        | JsonValueKind.String -> [ text name value ]
        | JsonValueKind.Array -> [ for item in value.EnumerateArray() -> text name item ]
        | _ -> wrong name value "a text or a list of texts"

    let private setting name read set =
        name,
        fun value wish ->
            { wish with
                Request = set (read name value) wish.Request
            }

    /// The fields of a row beside its text, named as options, and what each changes.
    let private settings: (string * (JsonElement -> BatchWish -> BatchWish)) list =
        [
            "id", (fun _ wish -> wish)
            "length",
            (fun value wish ->
                { wish with
                    Length = number Limits.length "length" value
                })
            setting "seed" (number Limits.seed) (fun seed request -> { request with Seed = seed })
            setting "policy" text (fun policy request -> { request with Policy = Some policy })
            setting "temperature" (number Limits.temperature) (fun value request ->
                { request with Temperature = value })
            setting "top-k" (number Limits.topK) (fun tokens request -> { request with TopK = Some tokens })
            setting "top-p" (number Limits.topP) (fun share request -> { request with TopP = share })
            setting "forbid" texts (fun texts request -> { request with Forbid = texts })
            setting "speculative" (number Limits.window) (fun window request ->
                { request with
                    Speculative = Some window
                })
            setting "revise" (number Limits.sweeps) (fun sweeps request -> { request with Revise = Some sweeps })
            setting "revise-share" (number Limits.reviseShare) (fun share request ->
                { request with
                    ReviseShare = Some share
                })
            setting "causal" flag (fun causal request -> { request with Causal = causal })
            setting "reference" flag (fun isReference request -> { request with Reference = isReference })
        ]

    let private apply (kind: WritingKind) (wish: BatchWish) (field: JsonProperty) =
        match settings |> List.tryFind (fun (name, _) -> name = field.Name) with
        | Some(_, set) -> set field.Value wish
        | None when field.Name = kind.Field ->
            { wish with
                Given = Some(text kind.Field field.Value)
            }
        | None ->
            let names = kind.Field :: List.map fst settings
            raise (MisuseException $"""unknown field '{field.Name}'; the fields are {String.Join(", ", names)}.""")

    let private strict = JsonDocumentOptions(AllowDuplicateProperties = false)

    let private fields (line: JsonLine) =
        match JsonLines.Text line with
        | None -> raise (MisuseException "is not UTF-8; save the file as UTF-8.")
        | Some text ->
            try
                use document = JsonDocument.Parse(text, strict)
                document.RootElement.Clone()
            with :? JsonException as error ->
                let column = error.BytePositionInLine.GetValueOrDefault() + 1L
                raise (MisuseException $"column {column}: is not a JSON object with every field once.")

    let private identity (row: JsonElement) : JsonNode | null =
        if row.ValueKind <> JsonValueKind.Object then
            raise (MisuseException "is not a JSON object.")

        match row.TryGetProperty "id" with
        | false, _ -> null
        | true, id when id.ValueKind = JsonValueKind.String || id.ValueKind = JsonValueKind.Number ->
            JsonValue.Create id
        | true, id -> wrong "id" id "a text or a number"

    let private work kind usual (row: JsonElement) =
        let wish = row.EnumerateObject() |> Seq.fold (apply kind) usual

        match wish.Given with
        | Some text ->
            DecodingRequest.options "" wish.Request |> ignore
            kind.Template text wish.Length, wish.Request
        | None -> raise (MisuseException $"has no field '{kind.Field}', which every row needs.")

    /// Sixteen hexadecimal digits that tell lines and what the command line says about them apart.
    let fingerprint (settings: string) (line: JsonLine) =
        let text = ReadOnlySpan(line.Bytes).TrimEnd "\r\n"B
        let bytes = Array.append (Encoding.UTF8.GetBytes settings) (text.ToArray())
        Convert.ToHexStringLower(ReadOnlySpan(SHA256.HashData bytes, 0, 8))

    /// Reads a line. Without a seed of its own a row has one that counts up with the lines.
    let read kind settings usual (line: JsonLine) =
        let usual =
            { usual with
                Request.Seed = usual.Request.Seed + int64 (line.Number - 1)
            }

        let fields = Outcome.attempt (fun () -> fields line)

        let id =
            fields
            |> Result.bind (fun fields -> Outcome.attempt (fun () -> identity fields))

        {
            Line = line.Number
            Input = fingerprint settings line
            Id = Result.defaultValue null id
            Work =
                Result.bind
                    (fun fields -> Result.bind (fun _ -> Outcome.attempt (fun () -> work kind usual fields)) id)
                    fields
        }

namespace A3.Cli

open System
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes

/// JSON values for programs that read our output.
[<RequireQualifiedAccess>]
module Json =

    let text (value: string) : JsonNode | null = JsonValue.Create value

    let whole (value: int64) : JsonNode | null = JsonValue.Create value

    let flag (value: bool) : JsonNode | null = JsonValue.Create value

    /// A number; null where it is not finite, which JSON cannot say.
    let number (value: float) : JsonNode | null =
        if Double.IsFinite value then
            JsonValue.Create value
        else
            null

    /// Null where there is no value.
    let optional (ofValue: 'value -> JsonNode | null) (value: Nullable<'value>) =
        if value.HasValue then ofValue value.Value else null

    let list (items: (JsonNode | null) seq) : JsonNode | null = JsonArray(Array.ofSeq items)

    /// The same, to stand in another record.
    let copy (value: JsonNode | null) : JsonNode | null =
        match value with
        | null -> null
        | value -> value.DeepClone()

    let wholes (values: int seq) =
        values |> Seq.map (int64 >> whole) |> list

    let record (fields: (string * (JsonNode | null)) seq) : JsonNode | null =
        let record = JsonObject()

        for name, value in fields do
            record.Add(name, value)

        record

    let private options =
        JsonSerializerOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

    /// One line.
    let print (value: JsonNode | null) =
        match value with
        | null -> "null"
        | value -> value.ToJsonString options

    /// One line in ASCII.
    let escaped (value: JsonNode | null) =
        match value with
        | null -> "null"
        | value -> value.ToJsonString()

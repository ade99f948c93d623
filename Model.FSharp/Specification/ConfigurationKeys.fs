namespace A3.Model

open System
open System.Globalization
open System.Text.Json

/// Why a text is not a configuration we can run.
[<RequireQualifiedAccess>]
type ConfigurationError =
    | Malformed of reason: string
    | Missing of key: string
    | Mistyped of key: string * given: string * expected: string
    | Unsupported of key: string * given: string * supported: string
    | Contradictory of key: string * given: string * other: string * there: string
    | Invalid of ArchitectureError

    member error.Message =
        match error with
        | Malformed reason -> $"not a JSON object: {reason}"
        | Missing key -> $"{key} is missing, and it has no default."
        | Mistyped(key, given, expected) -> $"{key} = {given}: must be {expected}."
        | Unsupported(key, given, supported) -> $"{key} = {given} is not supported; supported: {supported}."
        | Contradictory(key, given, other, there) ->
            $"{key} = {given}, but {other} = {there}: they say the same thing, so they must agree, or one be left out."
        | Invalid error -> error.Message

/// Keys of `config.json`, each read as one kind of value; an absent key and a null are both `None`.
module internal ConfigurationKeys =

    type Kind<'value> =
        {
            Expected: string
            Read: JsonElement -> 'value option
        }

    type ResultBuilder() =
        member _.Bind(value, next) = Result.bind next value
        member _.Return value = Ok value
        member _.ReturnFrom(value: Result<_, _>) = value
        member _.Zero() = Ok()

    let result = ResultBuilder()

    let private isKind kind (json: JsonElement) = json.ValueKind = kind

    let private kind expected holds read =
        {
            Expected = expected
            Read = fun json -> if holds json then Some(read json) else None
        }

    let integer =
        kind
            "an integer of 32 bits"
            (fun json -> isKind JsonValueKind.Number json && fst (json.TryGetInt32()))
            (fun json -> json.GetInt32())

    /// As `integer`, of any size that JSON's readers agree on.
    let wholeNumber =
        kind "an integer" (fun json -> isKind JsonValueKind.Number json && fst (json.TryGetInt64())) (fun json ->
            json.GetInt64())

    let number =
        kind
            "a finite number"
            (fun json -> isKind JsonValueKind.Number json && Double.IsFinite(json.GetDouble()))
            (fun json -> json.GetDouble())

    let boolean =
        kind
            "true or false"
            (fun json -> isKind JsonValueKind.True json || isKind JsonValueKind.False json)
            (fun json -> json.GetBoolean())

    let text =
        kind "a string" (isKind JsonValueKind.String) (fun json -> string (json.GetString()))

    let object' = kind "an object" (isKind JsonValueKind.Object) id

    let anything = kind "a value" (fun _ -> true) id

    let list item =
        kind
            $"a list, each entry {item.Expected}"
            (fun json ->
                isKind JsonValueKind.Array json
                && json.EnumerateArray() |> Seq.forall (item.Read >> Option.isSome))
            (fun json -> json.EnumerateArray() |> Seq.choose item.Read |> List.ofSeq)

    /// The first kind that reads the value.
    let either first second =
        {
            Expected = $"{first.Expected} or {second.Expected}"
            Read = fun json -> first.Read json |> Option.orElseWith (fun () -> second.Read json)
        }

    let map change kind =
        {
            Expected = kind.Expected
            Read = kind.Read >> Option.map change
        }

    let private quote (json: JsonElement) = A3.Shown.Text(json.GetRawText(), 60)

    let has (key: string) (json: JsonElement) = fst (json.TryGetProperty key)

    let optional (key: string) kind (json: JsonElement) =
        match json.TryGetProperty key with
        | false, _ -> Ok None
        | true, value when isKind JsonValueKind.Null value -> Ok None
        | true, value ->
            match kind.Read value with
            | Some value -> Ok(Some value)
            | None -> Error(ConfigurationError.Mistyped(key, quote value, kind.Expected))

    let required key kind json =
        optional key kind json
        |> Result.bind (Option.map Ok >> Option.defaultValue (Error(ConfigurationError.Missing key)))

    let withDefault key kind fallback json =
        optional key kind json |> Result.map (Option.defaultValue fallback)

    /// What an object in the configuration says, where there is one.
    let within read json =
        match json with
        | Some json -> read json
        | None -> Ok None

    /// The one value that two keys say, where either says one.
    let agreed show (key, given) (other, there) =
        match given, there with
        | Some given, Some there when given <> there ->
            Error(ConfigurationError.Contradictory(key, show given, other, show there))
        | Some _, _ -> Ok given
        | None, _ -> Ok there

    let private unsupported key value supported =
        Error(ConfigurationError.Unsupported(key, quote value, String.concat ", " supported))

    /// The value that a name stands for; `None` where the key is absent.
    let oneOf key kind (values: (string * 'value) list) json =
        optional key anything json
        |> Result.bind (function
            | None -> Ok None
            | Some given ->
                match values |> List.tryFind (fun (name, _) -> kind.Read given = Some name) with
                | Some(_, value) -> Ok(Some value)
                | None -> unsupported key given (List.map fst values))

    /// Refuses a key whose value, as JSON writes it, is none of those we compute.
    let only key supported json =
        optional key anything json
        |> Result.bind (function
            | Some given when not (List.contains (given.GetRawText()) supported) ->
                unsupported
                    key
                    given
                    (if supported.IsEmpty then
                         [ "none but null; take a checkpoint without it" ]
                     else
                         supported)
            | Some _
            | None -> Ok())

    let writeTokens (json: Utf8JsonWriter) (key: string) ids =
        match ids with
        | [] -> json.WriteNull key
        | [ id ] -> json.WriteNumber(key, (id: int))
        | ids ->
            json.WriteStartArray key
            ids |> List.iter json.WriteNumberValue
            json.WriteEndArray()

    // Python tells 10000 from 10000.0, and wants the latter where it expects a float.
    let writeFloat (json: Utf8JsonWriter) (key: string) (value: float) =
        let digits = value.ToString("R", CultureInfo.InvariantCulture)
        json.WritePropertyName key

        json.WriteRawValue(
            if Seq.forall Char.IsAsciiDigit digits then
                digits + ".0"
            else
                digits
        )

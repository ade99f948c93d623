namespace A3.Model

open System
open System.IO
open System.Text
open System.Text.Json
open A3

/// What a Hugging Face `config.json` says of a LLaMA or an A3 model.
type Configuration =
    {
        Architecture: Architecture
        /// The token that starts a text.
        Bos: int option
        /// The tokens that end one.
        Eos: int list
        Pad: int option
        /// The token that every text begins with for two streams, where it is not the one that starts a text.
        First: int option
        /// What the weights were stored as; a hint, each tensor says it for itself.
        Precision: NumberType option
    }

open ConfigurationKeys

/// Law: `parse (print configuration) = Ok configuration`, for every configuration of a valid architecture.
[<RequireQualifiedAccess>]
module Configuration =

    let private causalClass, twoStreamClass =
        "LlamaForCausalLM", "LlamaTwoStreamForCausalLM"

    /// What a query starts from, where there are queries.
    let private queryStarts =
        [ "learned", QueryStream.Learned; "preceding", QueryStream.Preceding ]

    let private residuals =
        [ "pre_norm", Residual.PreNorm; "reference", Residual.Reference ]

    let private precisions =
        [
            "float32", NumberType.Float32
            "bfloat16", NumberType.BFloat16
            "float16", NumberType.Float16
        ]

    let private nameOf value names =
        names |> List.find (fun (_, named) -> named = value) |> fst

    /// Keys that would make the network another one than we compute.
    let private supported json =
        result {
            let! _ = required "model_type" text json
            do! only "model_type" [ "\"llama\"" ] json
            do! only "hidden_act" [ "\"silu\"" ] json
            do! only "attention_bias" [ "false" ] json
            do! only "mlp_bias" [ "false" ] json
            do! only "partial_rotary_factor" [ "1.0"; "1" ] json
            do! only "quantization_config" [] json
        }

    /// The class of the network, a list with one name in it, and what its queries start from.
    let private queryStream json =
        let alone =
            list text |> map (fun names -> if names.Length = 1 then names.Head else "")

        result {
            let! hasQueries =
                oneOf "architectures" alone [ causalClass, false; twoStreamClass, true ] json

            let! start = oneOf "a3_query" text queryStarts json

            match Option.defaultValue false hasQueries, start with
            | true, start -> return start |> Option.defaultValue QueryStream.Learned
            | false, None -> return QueryStream.Absent
            | false, Some start ->
                return!
                    Error(
                        ConfigurationError.Invalid
                            {
                                Field = "a3_query"
                                Given = nameOf start queryStarts
                                Rule = $"only a {twoStreamClass} has queries."
                            }
                    )
        }

    let private linear json =
        required "factor" number json |> Result.map RopeScaling.Linear

    let private llama3 json =
        result {
            let! factor = required "factor" number json
            let! low = required "low_freq_factor" number json
            let! high = required "high_freq_factor" number json
            let! original = required "original_max_position_embeddings" integer json
            return RopeScaling.Llama3(factor, low, high, original)
        }

    let private scalingText scaling =
        match scaling with
        | RopeScaling.Unscaled -> "default"
        | RopeScaling.Linear factor -> "linear " + string factor
        | RopeScaling.Llama3(factor, low, high, original) ->
            String.concat " " [ "llama3"; string factor; string low; string high; string original ]

    /// What an object says of scaling; nothing where it names no kind.
    let private scaling json =
        let unscaled _ = Ok RopeScaling.Unscaled
        let kinds = [ "default", unscaled; "linear", linear; "llama3", llama3 ]

        let said key =
            oneOf key text kinds json
            |> Result.bind (within (fun read -> read json |> Result.map Some))

        result {
            let! newer = said "rope_type"
            let! older = said "type"
            let! factor = optional "factor" number json
            let! scaling = agreed scalingText ("rope_type", newer) ("type", older)

            return!
                match scaling, factor with
                | None, Some _ -> Error(ConfigurationError.Missing "rope_type")
                | said, _ -> Ok said
        }

    /// RoPE's base and scaling: `rope_theta` and `rope_scaling`, or both in one `rope_parameters` as newer versions write. All of
    /// them are read, and must agree.
    let private rope json =
        let theta = optional "rope_theta" number

        let whole =
            within (fun json -> only "partial_rotary_factor" [ "1.0"; "1" ] json |> Result.map Some)

        result {
            let! older = optional "rope_scaling" object' json
            let! newer = optional "rope_parameters" object' json
            let! _ = whole older
            let! _ = whole newer
            let! plainBase = theta json
            let! olderBase = within theta older
            let! newerBase = within theta newer

            let! first =
                agreed string ("rope_theta", plainBase) ("rope_scaling.rope_theta", olderBase)

            let! ropeBase =
                agreed string ("rope_theta", first) ("rope_parameters.rope_theta", newerBase)

            let! olderScaling = within scaling older
            let! newerScaling = within scaling newer

            let! scaling =
                agreed scalingText ("rope_scaling", olderScaling) ("rope_parameters", newerScaling)

            return Option.defaultValue 10000.0 ropeBase, Option.defaultValue RopeScaling.Unscaled scaling
        }

    let private headWidth width heads json =
        optional "head_dim" integer json
        |> Result.bind (function
            | Some given -> Ok given
            | None when heads > 0 && width % heads <> 0 ->
                Error(
                    ConfigurationError.Invalid
                        {
                            Field = "hidden_size"
                            Given = string width
                            Rule = $"must be a multiple of num_attention_heads = %d{heads} where head_dim is not given."
                        }
                )
            | None -> Ok(width / max 1 heads))

    let private architecture json =
        result {
            let! vocabulary = required "vocab_size" integer json
            let! width = required "hidden_size" integer json
            let! layers = required "num_hidden_layers" integer json
            let! heads = required "num_attention_heads" integer json
            let! mlpWidth = required "intermediate_size" integer json
            let! kvHeads = withDefault "num_key_value_heads" integer heads json
            let! headWidth = headWidth width heads json
            let! context = withDefault "max_position_embeddings" integer 2048 json
            let! epsilon = withDefault "rms_norm_eps" number 1e-6 json
            let! ropeBase, scaling = rope json
            let! tied = withDefault "tie_word_embeddings" boolean false json
            let! queryStream = queryStream json
            let! residual = oneOf "a3_residual" text residuals json

            // Only the authors' own code writes two streams without saying how the residual is threaded.
            let unsaid =
                match queryStream with
                | QueryStream.Learned -> Residual.Reference
                | QueryStream.Preceding
                | QueryStream.Absent -> Residual.PreNorm

            return!
                {
                    Vocabulary = vocabulary
                    Width = width
                    Layers = layers
                    Heads = heads
                    KvHeads = kvHeads
                    HeadWidth = headWidth
                    MlpWidth = mlpWidth
                    Context = context
                    NormEpsilon = epsilon
                    RopeBase = ropeBase
                    RopeScaling = scaling
                    TiedHead = tied
                    Residual = residual |> Option.defaultValue unsaid
                    QueryStream = queryStream
                }
                |> Architecture.validate
                |> Result.mapError ConfigurationError.Invalid
        }

    let private known key vocabulary ids =
        match ids |> List.tryFind (fun id -> id < 0 || id >= vocabulary) with
        | None -> Ok ids
        | Some id ->
            Error(
                ConfigurationError.Invalid
                    {
                        Field = key
                        Given = string id
                        Rule = $"must be a token, 0..%d{vocabulary - 1}."
                    }
            )

    /// Token ids under a key: absent means LLaMA's default where the vocabulary has it, null means none.
    let private tokens key fallback vocabulary json =
        let kind = either (integer |> map List.singleton) (list integer)
        let absent = fallback |> List.filter (fun id -> id < vocabulary)

        optional key kind json
        |> Result.map (Option.defaultValue (if has key json then [] else absent))
        |> Result.bind (known key vocabulary)

    let private single key ids =
        match ids with
        | [] -> Ok None
        | [ id ] -> Ok(Some id)
        | _ :: _ -> Error(ConfigurationError.Unsupported(key, $"a list of %d{List.length ids}", "one token id"))

    /// What texts begin with for two streams; without queries they begin as the tokenizer says.
    let private first architecture json =
        let key = "a3_first_token"

        optional key integer json
        |> Result.bind (Option.toList >> known key architecture.Vocabulary)
        |> Result.bind (function
            | [ id ] when architecture.QueryStream = QueryStream.Absent ->
                Error(
                    ConfigurationError.Invalid
                        {
                            Field = key
                            Given = string id
                            Rule = $"only a {twoStreamClass} has texts begin with a token of their own."
                        }
                )
            | ids -> Ok(List.tryHead ids))

    /// A token that nothing we compute asks for; checkpoints name one outside their vocabulary, or -1 for none.
    let private padding json =
        optional "pad_token_id" (either (wholeNumber |> map List.singleton) (list wholeNumber)) json
        |> Result.map (Option.defaultValue [])
        |> Result.bind (single "pad_token_id")
        |> Result.map (Option.filter (fun id -> id <> -1L && id = int64 (int id)) >> Option.map int)

    let private configuration json =
        result {
            do! supported json
            let! architecture = architecture json

            let! bos =
                tokens "bos_token_id" [ 1 ] architecture.Vocabulary json
                |> Result.bind (single "bos_token_id")

            let! eos = tokens "eos_token_id" [ 2 ] architecture.Vocabulary json
            let! pad = padding json
            let! first = first architecture json
            let! newerName = oneOf "dtype" text precisions json
            let! precision = oneOf "torch_dtype" text precisions json

            return
                {
                    Architecture = architecture
                    Bos = bos
                    Eos = eos
                    Pad = pad
                    First = first
                    Precision = newerName |> Option.orElse precision
                }
        }

    /// A network without special tokens, to be completed by a record update.
    let ofArchitecture architecture =
        {
            Architecture = architecture
            Bos = None
            Eos = []
            Pad = None
            First = None
            Precision = None
        }

    /// Reads a `config.json`. Keys that change nothing we compute are ignored; those that would are errors.
    let parse (text: string) =
        try
            use document =
                JsonDocument.Parse(text, JsonDocumentOptions(AllowDuplicateProperties = false))

            if document.RootElement.ValueKind = JsonValueKind.Object then
                configuration document.RootElement
            else
                Error(ConfigurationError.Malformed $"it is a JSON {document.RootElement.ValueKind}.")
        with
        | :? JsonException as error -> Error(ConfigurationError.Malformed error.Message)
        // Half of a surrogate pair, as it stands or escaped: System.Text.Json tells only when the string is read.
        | :? ArgumentException
        | :? InvalidOperationException -> Error(ConfigurationError.Malformed "it holds half of a surrogate pair.")

    let private writeRope (json: Utf8JsonWriter) architecture =
        writeFloat json "rope_theta" architecture.RopeBase

        match architecture.RopeScaling with
        | RopeScaling.Unscaled -> json.WriteNull "rope_scaling"
        | RopeScaling.Linear factor ->
            json.WriteStartObject "rope_scaling"
            json.WriteString("rope_type", "linear")
            writeFloat json "factor" factor
            json.WriteEndObject()
        | RopeScaling.Llama3(factor, low, high, original) ->
            json.WriteStartObject "rope_scaling"
            json.WriteString("rope_type", "llama3")
            writeFloat json "factor" factor
            writeFloat json "low_freq_factor" low
            writeFloat json "high_freq_factor" high
            json.WriteNumber("original_max_position_embeddings", original)
            json.WriteEndObject()

    let private write (json: Utf8JsonWriter) configuration =
        let architecture = configuration.Architecture
        let integer (key: string) (value: int) = json.WriteNumber(key, value)
        let boolean (key: string) (value: bool) = json.WriteBoolean(key, value)
        let text (key: string) (value: string) = json.WriteString(key, value)
        json.WriteStartObject()
        json.WriteStartArray "architectures"

        json.WriteStringValue(
            if architecture.QueryStream = QueryStream.Absent then
                causalClass
            else
                twoStreamClass
        )

        json.WriteEndArray()
        text "model_type" "llama"
        integer "vocab_size" architecture.Vocabulary
        integer "hidden_size" architecture.Width
        integer "intermediate_size" architecture.MlpWidth
        integer "num_hidden_layers" architecture.Layers
        integer "num_attention_heads" architecture.Heads
        integer "num_key_value_heads" architecture.KvHeads
        integer "head_dim" architecture.HeadWidth
        text "hidden_act" "silu"
        integer "max_position_embeddings" architecture.Context
        writeFloat json "rms_norm_eps" architecture.NormEpsilon
        writeRope json architecture
        boolean "tie_word_embeddings" architecture.TiedHead
        boolean "attention_bias" false
        boolean "mlp_bias" false
        writeTokens json "bos_token_id" (Option.toList configuration.Bos)
        writeTokens json "eos_token_id" configuration.Eos
        writeTokens json "pad_token_id" (Option.toList configuration.Pad)

        configuration.Precision
        |> Option.iter (fun precision -> text "torch_dtype" (nameOf precision precisions))

        text "a3_residual" (nameOf architecture.Residual residuals)

        if architecture.QueryStream <> QueryStream.Absent then
            text "a3_query" (nameOf architecture.QueryStream queryStarts)

            configuration.First |> Option.iter (fun first -> integer "a3_first_token" first)

        json.WriteEndObject()

    /// Writes a `config.json` that Hugging Face's LLaMA reads, and `parse` reads back as the same value.
    let print configuration =
        use buffer = new MemoryStream()

        use json =
            new Utf8JsonWriter(buffer, JsonWriterOptions(Indented = true, NewLine = "\n"))

        write json configuration
        json.Flush()
        Encoding.UTF8.GetString(buffer.GetBuffer(), 0, int buffer.Length) + "\n"

namespace A3.Cli

open System.Text.Json
open A3

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

/// What a row asks for; what it does not say, the command line does.
type WritingWish =
    {
        Given: string option
        /// The text in pieces, in place of one with escapes.
        Parts: Template option
        Length: int
        Request: DecodingRequest
    }

/// Batches of texts to be filled or continued.
[<RequireQualifiedAccess>]
module WritingBatch =

    let private setting name read set =
        RowFields.field name read (fun value wish ->
            { wish with
                Request = set value wish.Request
            })

    /// The fields of a row beside its text, named as options.
    let private settings =
        [
            RowFields.field "length" (RowFields.number Limits.length) (fun length (wish: WritingWish) ->
                { wish with Length = length })
            setting "seed" (RowFields.number Limits.seed) (fun seed request -> { request with Seed = seed })
            setting "policy" RowFields.text (fun policy request -> { request with Policy = Some policy })
            setting "temperature" (RowFields.number Limits.temperature) (fun value request ->
                { request with Temperature = value })
            setting "top-k" (RowFields.number Limits.topK) (fun tokens request -> { request with TopK = Some tokens })
            setting "top-p" (RowFields.number Limits.topP) (fun share request -> { request with TopP = share })
            setting "forbid" RowFields.texts (fun texts request -> { request with Forbid = texts })
            setting "speculative" (RowFields.number Limits.window) (fun window request ->
                { request with
                    Speculative = Some window
                })
            setting "revise" (RowFields.number Limits.sweeps) (fun sweeps request ->
                { request with Revise = Some sweeps })
            setting "revise-share" (RowFields.number Limits.reviseShare) (fun share request ->
                { request with
                    ReviseShare = Some share
                })
            setting "causal" RowFields.flag (fun causal request -> { request with Causal = causal })
            setting "reference" RowFields.flag (fun isReference request -> { request with Reference = isReference })
        ]

    let private given (kind: WritingKind) =
        RowFields.field kind.Field RowFields.text (fun text (wish: WritingWish) -> { wish with Given = Some text })

    let private parts =
        RowFields.field "parts" PartsJson.template (fun template (wish: WritingWish) ->
            { wish with Parts = Some template })

    /// Without a seed of its own a row has one that counts up with the lines.
    let private read (kind: WritingKind) (usual: WritingWish) line (row: JsonElement) =
        let usual =
            { usual with
                Request.Seed = usual.Request.Seed + int64 (line - 1)
            }

        let wish = row |> RowFields.read (given kind :: parts :: settings) usual

        let template =
            match wish.Given, wish.Parts with
            | Some text, None -> kind.Template text wish.Length
            | None, Some template when template.Parts |> Seq.exists _.IsGap -> template
            | None, Some _ ->
                raise (MisuseException "'parts' has no gap to fill; write {\"gap\": 12} where tokens are missing.")
            | Some _, Some _ ->
                raise (MisuseException $"'{kind.Field}' and 'parts' both say what the text is; give one of the two.")
            | None, None ->
                raise (MisuseException $"has no field '{kind.Field}', which every row needs, or 'parts' in its place.")

        DecodingRequest.options "" wish.Request |> ignore
        template, wish.Request

    let private prepare invocation model (row: BatchRow<Template * DecodingRequest>) =
        row.Work
        |> Result.bind (fun (template, request) ->
            Outcome.attempt (fun () ->
                {
                    Start = (Decoding.prepare invocation model template request).Start
                    Seed = request.Seed
                }))

    let private fields (decoded: Decoded) =
        let text = decoded.Text

        [
            "text", Json.text text.Text
            "log_probability", Json.number text.LogProbability
            "forward_passes", Json.whole text.ForwardPasses
            "drafts", FillingJson.drafts decoded
            "revised", FillingJson.revised decoded
            "seed", Json.whole decoded.Seed
            "gaps", text.Gaps |> Seq.map FillingJson.gap |> Json.list
            "lengths", GapLengths.json text
            "ids", text.Tokens |> Seq.map _.Token |> Json.wholes
            "partition",
            (if isNull text.Partition then
                 null
             else
                 Json.text (string text.Partition))
            "borders", text.Borders |> Seq.map Borders.json |> Json.list
            "canonical", Json.flag text.IsCanonical
        ]

    /// Decodes a file of rows of which so many run together.
    let run (invocation: Invocation) (kind: WritingKind) (usual: WritingWish) files =
        DecodingRequest.options "--" usual.Request |> ignore

        Batch.run
            invocation
            {
                Options = $"{kind.Field} {usual.Length} {JsonSerializer.Serialize usual.Request}"
                Read = read kind usual
                Run =
                    fun model isThere rows ->
                        rows
                        |> Seq.map (fun row -> row, prepare invocation model row)
                        |> Decodes.arriving model invocation.Cancellation files.Together isThere
                Fields = fields
                Tokens = _.Tokens
            }
            files

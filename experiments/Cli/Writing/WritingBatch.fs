namespace A3.Cli

open System.Text.Json
open A3

/// Batches of texts to be filled or continued.
[<RequireQualifiedAccess>]
module WritingBatch =

    let private fields = WritingWish.fields |> List.map RowFields.ofSetting

    let private given (kind: WritingKind) =
        RowFields.field kind.Field RowFields.text (fun text (wish: WritingWish) -> { wish with Given = Some text })

    let private parts =
        RowFields.field "parts" PartsJson.template (fun template (wish: WritingWish) ->
            { wish with Parts = Some template })

    /// Without a seed of its own a row has one that counts up with the lines.
    let private read (kind: WritingKind) (usual: WritingWish) line (row: JsonElement) =
        let seed = usual.Options.Seed + int64 (line - 1)

        let named = seq { for field in row.EnumerateObject() -> field.Name } |> Set.ofSeq

        let wish =
            row
            |> RowFields.read
                (given kind :: parts :: fields)
                { usual with
                    Options = usual.Options |> DecodingSettings.seeded (Some seed)
                    Named = Set.union usual.Named named
                }

        let template =
            match wish.Given, wish.Parts with
            | Some text, None -> kind.Template text wish.Length
            | None, Some template when template.Parts |> Seq.exists _.IsGap -> template
            | None, Some _ ->
                raise (UsageException "'parts' has no gap to fill; write {\"gap\": 12} where tokens are missing.")
            | Some _, Some _ ->
                raise (UsageException $"'{kind.Field}' and 'parts' both say what the text is; give one of the two.")
            | None, None ->
                raise (UsageException $"has no field '{kind.Field}', which every row needs, or 'parts' in its place.")

        WritingWish.check "" wish
        template, wish.Options

    let private prepare invocation model (row: BatchRow<Template * DecodingOptions>) =
        row.Work
        |> Result.bind (fun (template, options) ->
            Outcome.attempt (fun () ->
                {
                    Start = (Decoding.prepare invocation model template options).Start
                    Seed = options.Seed
                }))

    let private results (decoded: Decoded) =
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
        Batch.run
            invocation
            {
                Options =
                    $"{kind.Field} {usual.Length} {DecodingSettings.fingerprinted usual.Policy usual.Named usual.Options}"
                Read = read kind usual
                Run =
                    fun model isThere rows ->
                        rows
                        |> Seq.map (fun row -> row, prepare invocation model row)
                        |> Decodes.arriving model invocation.Cancellation files.Together isThere
                Fields = results
                Tokens = _.Tokens
            }
            files

namespace A3.Cli

open A3


/// Finished texts as programs meet them.
[<RequireQualifiedAccess>]
module FillingJson =

    let private token (name: int -> string) (token: TextToken) =
        Json.record
            [
                "position", Json.whole token.Position
                "id", Json.whole token.Token
                "token", Json.text (name token.Token)
                "text", Json.text token.Text
                if token.Step.HasValue then
                    "step", Json.whole token.Step.Value
                if token.LogProbability.HasValue then
                    "log_probability", Json.number token.LogProbability.Value
            ]

    /// A gap and what it was filled with.
    let gap (gap: FilledGap) =
        Json.record
            [
                "start", Json.whole gap.Start
                "length", Json.whole gap.Length
                "text", Json.text gap.Text
                "log_probability", Json.number gap.LogProbability
            ]

    let private step (step: DecodingStep) =
        Json.record
            [
                "step", Json.whole step.Step
                "forward_passes", Json.whole step.ForwardPasses
                "positions", step.Tokens |> Seq.map _.Position |> Json.wholes
                if step.Sweep.HasValue then
                    "sweep", Json.whole step.Sweep.Value
                    "ids", step.Tokens |> Seq.map _.Token |> Json.wholes
            ]

    /// Counts of drafts; null where decoding was not speculative.
    let drafts (decoded: Decoded) =
        match decoded.Drafts with
        | Some drafts ->
            Json.record
                [
                    "proposed", Json.whole drafts.Proposed
                    "accepted", Json.whole drafts.Accepted
                ]
        | None -> null

    /// Counts of tokens that were drawn anew; null where none were.
    let revised (decoded: Decoded) =
        match decoded.Revisions with
        | [] -> null
        | revisions ->
            Json.record
                [
                    "tokens", Json.whole revisions.Length
                    "changed", revisions |> Seq.filter _.IsChange |> Seq.length |> int64 |> Json.whole
                ]

    /// All that is known of a finished text.
    let whole (decoded: Decoded) =
        let text = decoded.Text

        Json.record
            [
                "text", Json.text text.Text
                "log_probability", Json.number text.LogProbability
                "forward_passes", Json.whole text.ForwardPasses
                "seconds", Json.number decoded.Seconds
                "tokens_per_second", Json.number decoded.Speed
                "drafts", drafts decoded
                "revised", revised decoded
                "seed", Json.whole decoded.Seed
                "gaps", text.Gaps |> Seq.map gap |> Json.list
                "lengths", GapLengths.json text
                "partition",
                (if isNull text.Partition then
                     null
                 else
                     Json.text (string text.Partition))
                "borders", text.Borders |> Seq.map Borders.json |> Json.list
                "border_choices", text.BorderChoices |> Seq.map Borders.choiceJson |> Json.list
                "canonical", Json.flag text.IsCanonical
                "steps", text.Steps |> Seq.map step |> Json.list
                "tokens", text.Tokens |> Seq.map (token decoded.Name) |> Json.list
            ]

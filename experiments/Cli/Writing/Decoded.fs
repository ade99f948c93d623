namespace A3.Cli

open A3


/// What a decode gave.
type Decoded =
    {
        Text: DecodedText
        Seed: int64
        /// What tokens are called.
        Name: int -> string
    }

    /// Filled tokens; one that was revised counts once.
    member decoded.Tokens =
        decoded.Text.Steps
        |> Seq.filter (fun step -> not step.Sweep.HasValue)
        |> Seq.sumBy _.Tokens.Length

    /// Spent on decoding; the model was loaded before.
    member decoded.Seconds =
        match Seq.tryLast decoded.Text.Steps with
        | Some step -> step.Elapsed.TotalSeconds
        | None -> 0.0

    /// Filled tokens per second.
    member decoded.Speed = float decoded.Tokens / max 1e-9 decoded.Seconds

    /// Tokens drafted, and those of them that were kept; none where decoding was not speculative.
    member decoded.Drafts =
        let counts: DraftCount list =
            [
                for step in decoded.Text.Steps do
                    if step.Drafts.HasValue then
                        step.Drafts.Value
            ]

        if counts.IsEmpty then
            None
        else
            Some(DraftCount(counts |> List.sumBy _.Proposed, counts |> List.sumBy _.Accepted))

    /// Tokens that sweeps drew anew.
    member decoded.Revisions = Revision.ofSteps decoded.Text.Steps

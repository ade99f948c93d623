namespace A3.Cli

open System.Collections.Immutable
open A3
open A3.Model

/// How `infill` and `generate` decode: options of the command line and fields of rows, which become `DecodingOptions` here.
[<RequireQualifiedAccess>]
module DecodingSettings =

    /// Sharper than the model's own distribution, whose rare tokens spoil short texts of small models.
    let usual =
        DecodingOptions(Sampling = SamplingOptions(Temperature = 0.5, TopP = 0.95), Seed = 1L)

    let private policyOf (given: Given) =
        match TextForms.policy given.Remark given.Name given.Text with
        | Policy.Fixed grouping ->
            grouping
            |> TextForms.refuseNeeds
                given.Name
                "which a gap has none of before it is filled; name sizes instead, such as chunks 2."
        | Policy.Adaptive _ -> ()

        A3.Policy.Parse given.Text

    let private forbidden (given: Given) =
        if List.contains "" given.Texts then
            raise (
                UsageException $"{given.Name} \"\": every text contains that; expected a text of one letter or more."
            )

        ImmutableArray.CreateRange given.Texts

    /// `--policy`.
    let policy: Setting<DecodingOptions> =
        Setting.textBy
            <@ fun (options: DecodingOptions) -> options.Policy @>
            "which positions are filled together and when: a grouping such as 'bisect | chunks 2', or an adaptive policy such as 'entropy | constant 2' (criteria: confidence, entropy, margin, random, leftmost; amounts: constant, threshold, schedule; then perhaps '| window 16') (default: one position after the other, left to right)."
            policyOf

    /// `--seed`, which every command understands, as a field of rows.
    let seed: Setting<DecodingOptions> =
        Setting.number usual <@ fun (options: DecodingOptions) -> options.Seed @> Limits.seed "seed of the draws"

    /// The options with the seed of the command line, where it gives one.
    let seeded (seed: int64 option) (options: DecodingOptions) =
        match seed with
        | Some seed ->
            Record.withValue (Record.property <@ fun (options: DecodingOptions) -> options.Seed @>) (box seed) options
        | None -> options

    let private sampling: Setting<SamplingOptions> list =
        [
            Setting.number
                usual.Sampling
                <@ fun (options: SamplingOptions) -> options.Temperature @>
                Limits.temperature
                "temperature that the logits are divided by; 0 takes the likeliest token, 1 is the model's own distribution"
            Setting.numberOr
                "all"
                <@ fun (options: SamplingOptions) -> options.TopK @>
                Limits.topK
                "top-k filter: tokens that are drawn from, the likeliest ones"
            Setting.number
                usual.Sampling
                <@ fun (options: SamplingOptions) -> options.TopP @>
                Limits.topP
                "top-p filter: share of the probability that the tokens which are drawn from reach together, the likeliest first"
        ]

    let private revision: Setting<RevisionOptions> list =
        [
            Setting.numberOr
                "none"
                <@ fun (options: RevisionOptions) -> options.Sweeps @>
                Limits.sweeps
                "sweeps of revision over the filled text, in which each token is drawn anew given all the others, the least likely first"
            |> Setting.named "revise"
            Setting.number
                (RevisionOptions())
                <@ fun (options: RevisionOptions) -> options.Share @>
                Limits.reviseShare
                "share of the filled tokens that a sweep of --revise draws anew, those that were least likely"
            |> Setting.named "revise-share"
        ]

    let private revisionOf (options: DecodingOptions) =
        match options.Revision with
        | null -> RevisionOptions()
        | revision -> revision

    /// All but the seed.
    let all: Setting<DecodingOptions> list =
        let set access value =
            Record.withValue (Record.property access) (box value)

        [
            policy
            yield!
                sampling
                |> Setting.within
                    (fun (options: DecodingOptions) -> options.Sampling)
                    (set <@ fun (options: DecodingOptions) -> options.Sampling @>)
            Setting.textBy
                <@ fun (options: DecodingOptions) -> options.ForbiddenTexts @>
                "a text that must not stand in what is filled in, however tokens spell it; may be repeated."
                forbidden
            |> Setting.named "forbid"
            |> Setting.ofForm Form.Texts
            Setting.numberOr
                "no drafts"
                <@ fun (options: DecodingOptions) -> options.SpeculativeWindow @>
                Limits.window
                "speculative decoding: tokens that are drafted at once and verified, the same distribution in fewer forward passes"
            |> Setting.named "speculative"
            yield!
                revision
                |> Setting.within revisionOf (set <@ fun (options: DecodingOptions) -> options.Revision @>)
            Setting.flag
                <@ fun (options: DecodingOptions) -> options.Causal @>
                "decode by the content stream, as an ordinary LLaMA does, and stop where a text ends; without a query stream it is the only way."
            Setting.flag
                <@ fun (options: DecodingOptions) -> options.Reference @>
                "decode without a cache, as the authors' code does."
        ]

    let private leftToRight =
        "the content stream goes left to right, one token after the other"

    /// Pairs of settings that cannot be meant together, and why.
    let private conflicts (options: DecodingOptions) =
        let isSpeculative = options.SpeculativeWindow.HasValue

        let hasPolicy, isAdaptive =
            match options.Policy with
            | null -> false, false
            | policy -> true, policy.IsAdaptive

        [
            options.Causal && hasPolicy, "causal", "policy", leftToRight
            options.Causal && isSpeculative, "causal", "speculative", leftToRight
            options.Causal && not (isNull options.Revision),
            "causal",
            "revise",
            "the content stream sees nothing of what follows a token"
            options.Causal && options.Reference, "causal", "reference", leftToRight
            isSpeculative && isAdaptive,
            "speculative",
            "an adaptive policy",
            "drafts need an order that is known beforehand"
            isSpeculative && options.Reference, "speculative", "reference", "drafts need the cache"
        ]

    /// Checks all that needs no model. The prefix is what names begin with: `--`, or nothing where they are fields of rows; `named`
    /// are the settings that were given.
    let check prefix named (options: DecodingOptions) =
        if Set.contains "revise-share" named && not (Set.contains "revise" named) then
            let share = Numeral.print (revisionOf options).Share

            raise (
                UsageException
                    $"{prefix}revise-share {share}: needs {prefix}revise SWEEPS, how often to go over the filled text."
            )

        Rules.check
            [
                for isThere, first, second, reason in conflicts options do
                    let second = if second.Contains ' ' then second else prefix + second
                    isThere, $"{prefix}{first} and {second}: {reason}; leave one of the two out."
            ]

    /// The options as batches of version 0.1 have them in their fingerprints, so that those can be gone on with.
    let fingerprinted (policy: string option) named (options: DecodingOptions) =
        let revision = revisionOf options

        let revised name value =
            if Set.contains name named then value else null

        Json.record
            [
                "Policy", policy |> Option.map Json.text |> Option.defaultValue null
                "Temperature", Json.number options.Sampling.Temperature
                "TopK", options.Sampling.TopK |> Json.optional (int64 >> Json.whole)
                "TopP", Json.number options.Sampling.TopP
                "Speculative", options.SpeculativeWindow |> Json.optional (int64 >> Json.whole)
                "Revise", revised "revise" (Json.whole revision.Sweeps)
                "ReviseShare", revised "revise-share" (Json.number revision.Share)
                "Forbid", options.ForbiddenTexts |> Seq.map Json.text |> Json.list
                "Reference", Json.flag options.Reference
                "Causal", Json.flag options.Causal
                "Seed", Json.whole options.Seed
            ]
        |> Json.escaped

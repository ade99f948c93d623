namespace A3.Cli

open System
open System.Collections.Immutable
open A3
open A3.Model
open A3.Runtime.Sampling

/// What `infill` and `generate` are asked for beside their text.
type DecodingRequest =
    {
        /// The text form of a policy; that of a grouping is one.
        Policy: string option
        Temperature: float
        TopK: int option
        TopP: float
        Speculative: int option
        /// Sweeps over the filled text.
        Revise: int option
        /// Of the filled tokens, those that a sweep draws anew.
        ReviseShare: float option
        /// Texts that may not stand in what is filled in.
        Forbid: string list
        Reference: bool
        Causal: bool
        Seed: int64
    }

[<RequireQualifiedAccess>]
module DecodingRequest =

    /// Sharper than the model's own distribution, whose rare tokens spoil short texts of small models.
    let usual =
        {
            Policy = None
            Temperature = 0.5
            TopK = None
            TopP = 0.95
            Speculative = None
            Revise = None
            ReviseShare = None
            Forbid = []
            Reference = false
            Causal = false
            Seed = 1L
        }

    let private leftToRight =
        "the content stream goes left to right, one token after the other"

    /// Pairs of options that cannot be meant together, and why.
    let private conflicts policy request =
        let isAdaptive =
            match policy with
            | Some(Policy.Adaptive _) -> true
            | Some(Policy.Fixed _)
            | None -> false

        [
            request.Causal && policy.IsSome, "causal", "policy", leftToRight
            request.Causal && request.Speculative.IsSome, "causal", "speculative", leftToRight
            request.Causal && request.Revise.IsSome,
            "causal",
            "revise",
            "the content stream sees nothing of what follows a token"
            request.Causal && request.Reference, "causal", "reference", leftToRight
            request.Speculative.IsSome && isAdaptive,
            "speculative",
            "an adaptive policy",
            "drafts need an order that is known beforehand"
            request.Speculative.IsSome && request.Reference, "speculative", "reference", "drafts need the cache"
        ]

    let private refuseConflicts prefix policy request =
        for isThere, first, second, reason in conflicts policy request do
            if isThere then
                let second = if second.Contains ' ' then second else prefix + second
                raise (MisuseException $"{prefix}{first} and {second}: {reason}; leave one of the two out.")

    let private sampling prefix request =
        SamplingOptions(
            Temperature = Limit.check $"{prefix}temperature" Limits.temperature request.Temperature,
            TopK =
                (request.TopK
                 |> Option.map (Limit.check $"{prefix}top-k" Limits.topK)
                 |> Option.toNullable),
            TopP = Limit.check $"{prefix}top-p" Limits.topP request.TopP
        )

    let private revision prefix request : RevisionOptions | null =
        match request.Revise, request.ReviseShare with
        | Some sweeps, share ->
            RevisionOptions(
                Sweeps = Limit.check $"{prefix}revise" Limits.sweeps sweeps,
                Share = Limit.check $"{prefix}revise-share" Limits.reviseShare (defaultArg share 1.0)
            )
        | None, Some share ->
            raise (
                MisuseException
                    $"{prefix}revise-share {string share}: needs {prefix}revise SWEEPS, how often to go over the filled text."
            )
        | None, None -> null

    /// Checks all that needs no model. The prefix is what names of options begin with: `--`, or nothing where they are fields.
    let options prefix request =
        let policy = request.Policy |> Option.map (Options.policy $"{prefix}policy")

        match policy with
        | Some(Policy.Fixed grouping) ->
            grouping
            |> Options.refuseNeeds
                $"{prefix}policy"
                "which a gap has none of before it is filled; name sizes instead, such as chunks 2."
        | Some(Policy.Adaptive _)
        | None -> ()

        refuseConflicts prefix policy request
        let sampling = sampling prefix request
        let revision = revision prefix request

        let window =
            request.Speculative
            |> Option.map (Limit.check $"{prefix}speculative" Limits.window)

        if List.contains "" request.Forbid then
            raise (
                MisuseException $"{prefix}forbid \"\": every text contains that; expected a text of one letter or more."
            )

        DecodingOptions(
            Policy = (policy |> Option.map A3.Policy |> Option.toObj),
            Sampling = sampling,
            Seed = request.Seed,
            Reference = request.Reference,
            SpeculativeWindow = Option.toNullable window,
            Causal = request.Causal,
            Revision = revision,
            ForbiddenTexts = ImmutableArray.CreateRange request.Forbid
        )

namespace A3.Model

open FParsec

/// By what an adaptive policy prefers one open position to another.
[<RequireQualifiedAccess>]
type Criterion =
    /// The probability of the likeliest token, high first.
    | Confidence
    /// The entropy of the distribution, low first.
    | Entropy
    /// The gap between the two likeliest tokens, wide first.
    | Margin
    /// A uniform number drawn for the position and the step, high first.
    | Random
    /// The lowest position first.
    | Leftmost

/// How many of the preferred positions a step commits; at least one.
[<RequireQualifiedAccess>]
type Amount =
    | Constant of count: int
    /// Those preferred ones, up to the first that fails: confidence or margin at least this, entropy at most this, the
    /// random number at least this; leftmost goes by confidence.
    | Threshold of float
    | Scheduled of SizeSchedule

/// How decoding picks groups.
[<RequireQualifiedAccess>]
type Policy =
    | Fixed of Grouping
    /// Each step scores the open positions (the first `window` of them) and commits those the criterion prefers.
    | Adaptive of Criterion * Amount * window: int option

/// What one forward pass says of an open position.
[<Struct>]
type Score =
    {
        Position: int
        /// The probability of the likeliest token.
        Confidence: float
        /// In nats.
        Entropy: float
        /// The probability of the likeliest token less that of the second.
        Margin: float
    }

/// Where adaptive decoding stands.
type Step =
    {
        Seed: Seed
        /// Steps before this one.
        Index: int
        /// Positions that were open before the first step.
        Total: int
    }

/// Law: every adaptive choice is non-empty and within the open positions.
[<RequireQualifiedAccess>]
module Policy =

    /// The open positions (ascending) that a step needs to score.
    let candidates window (openPositions: int[]) =
        match window with
        | Some window -> openPositions |> Array.truncate (max 1 window)
        | None -> openPositions

    let private draw step score =
        step.Seed
        |> Seed.derive (int64 step.Index)
        |> Seed.derive (int64 score.Position)
        |> Seed.uniform

    /// What the criterion goes by, high first; what is not a number comes last.
    let private preference criterion step score =
        let value =
            match criterion with
            | Criterion.Confidence -> score.Confidence
            | Criterion.Entropy -> -score.Entropy
            | Criterion.Margin -> score.Margin
            | Criterion.Random -> draw step score
            | Criterion.Leftmost -> -(float score.Position)

        if System.Double.IsNaN value then -infinity else value

    let private passes criterion threshold step score =
        match criterion with
        | Criterion.Confidence
        | Criterion.Leftmost -> score.Confidence >= threshold
        | Criterion.Entropy -> score.Entropy <= threshold
        | Criterion.Margin -> score.Margin >= threshold
        | Criterion.Random -> draw step score >= threshold

    /// The positions a step commits, ascending, out of the scored ones; at a tie the lower position is preferred. None only
    /// where there are no scores.
    let choose criterion amount step (scores: Score[]) =
        let ranked =
            scores
            |> Array.sortBy (fun score -> struct (-(preference criterion step score), score.Position))

        let count =
            match amount with
            | Amount.Constant count -> count
            | Amount.Threshold threshold -> ranked |> Array.takeWhile (passes criterion threshold step) |> Array.length
            | Amount.Scheduled schedule ->
                match SizeSchedule.sizes step.Total schedule with
                | [||] -> 1
                | sizes -> sizes[step.Index |> min (sizes.Length - 1) |> max 0]

        ranked |> Array.truncate (max 1 count) |> Array.map _.Position |> Array.sort

    /// Whether a threshold can decide anything: a probability, or for entropy a number of nats.
    let isThreshold criterion threshold =
        match criterion with
        | Criterion.Entropy -> threshold > 0.0 && System.Double.IsFinite threshold
        | Criterion.Confidence
        | Criterion.Margin
        | Criterion.Random
        | Criterion.Leftmost -> threshold > 0.0 && threshold <= 1.0

    /// `isThreshold` in words.
    let thresholdRule criterion =
        match criterion with
        | Criterion.Entropy -> "of nats, above 0"
        | Criterion.Confidence
        | Criterion.Margin
        | Criterion.Random
        | Criterion.Leftmost -> "above 0 and at most 1"

    let internal printCriterion criterion =
        match criterion with
        | Criterion.Confidence -> "confidence"
        | Criterion.Entropy -> "entropy"
        | Criterion.Margin -> "margin"
        | Criterion.Random -> "random"
        | Criterion.Leftmost -> "leftmost"

    let internal printAmount amount =
        match amount with
        | Amount.Constant count -> $"constant {string count}"
        | Amount.Threshold threshold -> $"threshold {Numeral.print threshold}"
        | Amount.Scheduled schedule -> $"schedule {SizeSchedule.print schedule}"

    /// Text form: any grouping, or a criterion, an amount and perhaps a window: `confidence | constant 2`,
    /// `entropy | threshold 0.9 | window 16`, `random | schedule cosine 8`. Without an amount a step commits one position, as in
    /// `entropy` and `entropy | window 4`; `random` alone is a grouping.
    let print policy =
        match policy with
        | Policy.Fixed grouping -> Grouping.print grouping
        | Policy.Adaptive(criterion, amount, None) -> $"{printCriterion criterion} | {printAmount amount}"
        | Policy.Adaptive(criterion, amount, Some window) ->
            $"{printCriterion criterion} | {printAmount amount} | window {string window}"

    let private amount criterion =
        let threshold =
            Syntax.number (thresholdRule criterion) (isThreshold criterion) "a threshold"

        Syntax.oneOf
            "an amount"
            [
                "constant", SizeSchedule.size |>> Amount.Constant
                "threshold", threshold |>> Amount.Threshold
                "schedule",
                SizeSchedule.parser <|> (many1 SizeSchedule.size |>> SizeSchedule.Explicit)
                |>> Amount.Scheduled
            ]

    let private window = Syntax.keyword "window" >>. Syntax.atLeast 1 "a window"

    let internal parser =
        let adaptive criterion =
            let windowAlone = window |>> fun window -> Amount.Constant 1, Some window
            let amountFirst = amount criterion .>>. opt (Syntax.pipe >>. window)

            Syntax.pipe >>. (amountFirst <|> windowAlone) <|>% (Amount.Constant 1, None)
            |>> fun (amount, window) -> Policy.Adaptive(criterion, amount, window)

        let random =
            let word =
                [ "constant"; "threshold"; "schedule"; "window" ]
                |> List.map Syntax.keyword
                |> choice

            attempt (Syntax.keyword "random" .>> followedBy (Syntax.pipe >>. word))
            >>. adaptive Criterion.Random

        let criteria =
            [
                for criterion in
                    [
                        Criterion.Confidence
                        Criterion.Entropy
                        Criterion.Margin
                        Criterion.Leftmost
                    ] -> printCriterion criterion, adaptive criterion
            ]

        choice
            [
                Syntax.oneOf "a criterion" criteria
                random
                Grouping.parser |>> Policy.Fixed
            ]

    let parse text = Syntax.run parser text

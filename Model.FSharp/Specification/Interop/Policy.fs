namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Policy

/// By what an adaptive policy prefers one open position to another.
type Criterion =
    /// The probability of the likeliest token, high first.
    | Confidence = 0
    /// The entropy of the distribution, low first.
    | Entropy = 1
    /// The gap between the two likeliest tokens, wide first.
    | Margin = 2
    /// A uniform draw.
    | Random = 3
    /// The lowest position first.
    | Leftmost = 4

/// How decoding picks groups: a fixed grouping, or by what the model says of the open positions; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Policy internal (spec: A3.Model.Policy) =

    static let ofCriterion criterion =
        match criterion with
        | Criterion.Confidence -> A3.Model.Criterion.Confidence
        | Criterion.Entropy -> A3.Model.Criterion.Entropy
        | Criterion.Margin -> A3.Model.Criterion.Margin
        | Criterion.Random -> A3.Model.Criterion.Random
        | Criterion.Leftmost -> A3.Model.Criterion.Leftmost
        | unknown -> raise (ArgumentOutOfRangeException(nameof criterion, unknown, "no such criterion."))

    static let adaptive criterion amount =
        Policy(A3.Model.Policy.Adaptive(ofCriterion criterion, amount, None))

    member internal _.Spec = spec

    /// Groups known before decoding starts.
    static member Fixed(grouping: Grouping) =
        Policy(A3.Model.Policy.Fixed grouping.Spec)

    /// Commits this many of the preferred positions in each step.
    static member Adaptive(criterion: Criterion, count: int) =
        adaptive criterion (A3.Model.Amount.Constant(Text.atLeast 1 (nameof count) count))

    /// Commits the positions that reach a threshold (entropy: stay under it), at least one in each step.
    static member AdaptiveAbove(criterion: Criterion, threshold: float) =
        let spec = ofCriterion criterion

        if not (Specification.isThreshold spec threshold) then
            let rule =
                $"a threshold of this criterion is a number {Specification.thresholdRule spec}."

            raise (ArgumentOutOfRangeException(nameof threshold, string threshold, rule))

        adaptive criterion (A3.Model.Amount.Threshold threshold)

    /// Whether the model decides; otherwise the groups are known beforehand.
    member _.IsAdaptive =
        match spec with
        | A3.Model.Policy.Adaptive _ -> true
        | A3.Model.Policy.Fixed _ -> false

    /// The same adaptive policy over only the first `window` open positions; throws A3Exception where the policy is
    /// fixed.
    member _.WithWindow(window: int) =
        let window = Text.atLeast 1 (nameof window) window

        match spec with
        | A3.Model.Policy.Adaptive(criterion, amount, _) ->
            Policy(A3.Model.Policy.Adaptive(criterion, amount, Some window))
        | A3.Model.Policy.Fixed _ ->
            raise (
                A3Exception
                    $"'{A3.Shown.Text(Specification.print spec)}' is a fixed grouping; only an adaptive policy has a window."
            )

    /// Reads the text form; throws SpecificationException where the text is not a policy.
    static member Parse(text: string) =
        Policy(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a policy.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Policy | null>) =
        result <- Text.tryParse Specification.parse Policy text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Policy | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Policy as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Policy> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back: `confidence | constant 2`, or that of the grouping.
    override _.ToString() = Specification.print spec

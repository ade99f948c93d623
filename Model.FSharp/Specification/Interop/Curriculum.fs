namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Curriculum

/// A curriculum laid out over a run of known length. Immutable: any number of threads may use it.
[<Sealed>]
type TrainingSchedule internal (spec: A3.Model.TrainingSchedule) =

    member internal _.Spec = spec

    /// The share of the run that each stage takes, in order; fresh.
    member _.Shares = A3.Model.TrainingSchedule.stages spec |> Seq.map fst |> Array.ofSeq

    /// The partition of one sequence at a progress in 0..1 of the run; the same arguments give the same partition.
    member _.Draw(seed: int64, progress: float, length: int) =
        let layout =
            A3.Model.SequenceLayout.ofLength (Text.atLeast 0 (nameof length) length)

        Partition((A3.Model.TrainingSchedule.sample spec (A3.Model.Seed.ofInt64 seed) progress layout).Partition)

/// Stages of a training run, each a distribution over groupings; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Curriculum internal (spec: A3.Model.Curriculum) =

    member internal _.Spec = spec

    /// An ordinary causal language model: singletons left to right.
    static member Ar = Curriculum Specification.ar

    /// The paper's three stages.
    static member Paper = Curriculum Specification.paper

    /// The paper's last stage alone.
    static member Direct = Curriculum Specification.direct

    /// For a model that fills gaps.
    static member Infill = Curriculum Specification.infill

    /// For a causal model that is to fill gaps and stay a causal model.
    static member Adapt = Curriculum Specification.adapt

    /// Masked diffusion, the baseline: a uniform number of positions masked and predicted at once, weighted by the inverse
    /// of their share.
    static member MaskedDiffusion = Curriculum Specification.maskedDiffusion

    /// The stages over a run of so many tokens, with so many tokens per step (which stages in steps are counted by) and so
    /// many positions in a sequence, BOS included; throws A3Exception where stages or groups are too long for it.
    member _.Fit(tokens: int64, tokensPerStep: float, context: int) =
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1L, nameof tokens)
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensPerStep, 1.0, nameof tokensPerStep)

        let budget: A3.Model.RunBudget =
            {
                Tokens = tokens
                TokensPerStep = tokensPerStep
                Context = Text.atLeast 2 (nameof context) context
            }

        match A3.Model.TrainingSchedule.tryFit budget spec with
        | Ok schedule -> TrainingSchedule schedule
        | Error error -> raise (A3Exception error.Message)

    /// Reads the text form; throws SpecificationException where the text is not a curriculum.
    static member Parse(text: string) =
        Curriculum(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a curriculum.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Curriculum | null>) =
        result <- Text.tryParse Specification.parse Curriculum text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Curriculum | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Curriculum as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Curriculum> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back.
    override _.ToString() = Specification.print spec

namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Curriculum

/// Stages of a training run, each a distribution over groupings; compared by value.
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

    /// The partition of one sequence at a progress in 0..1 of the run; the same arguments give the same partition.
    member _.Draw(seed: int64, progress: float, length: int) =
        let shape = A3.Model.Shape.ofLength (Text.atLeast 0 (nameof length) length)
        Partition(Specification.draw spec (A3.Model.Seed.ofInt64 seed) progress shape)

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

namespace A3

open System
open System.Collections.Generic
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Factorization

/// The probability of the tokens at the targets, independent of each other, given those at the context; positions ascend.
/// Immutable: any number of threads may use it.
[<Sealed>]
type Factor internal (spec: A3.Model.Factor) =

    /// Positions predicted; a fresh array.
    member _.Targets = Array.copy spec.Targets

    /// Positions seen; a fresh array.
    member _.Context = Array.copy spec.Context

/// The product of conditional probabilities that a partition stands for; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Factorization internal (spec: A3.Model.Factor list) =

    member internal _.Spec = spec

    /// One factor per predicted group, earliest first.
    static member Of(partition: Partition) =
        Factorization(Specification.ofPartition partition.Spec)

    /// The factors, earliest first.
    member _.Factors: IReadOnlyList<Factor> = spec |> List.map Factor |> Array.ofList :> _

    /// The partition with these factors, the first context as one group of evidence; throws A3Exception where
    /// the factors do not multiply to a distribution.
    member _.ToPartition() =
        match Specification.tryPartition spec with
        | Ok partition -> Partition partition
        | Error error -> raise (A3Exception error.Message)

    /// Reads the text form; throws SpecificationException where the text is not a factorization.
    static member Parse(text: string) =
        Factorization(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a factorization.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Factorization | null>) =
        result <- Text.tryParse Specification.parse Factorization text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Factorization | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Factorization as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Factorization> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back: `p(4 7 | 0..3) p(5..6 | 0..4 7)`.
    override _.ToString() = Specification.print spec

namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Partition

/// Positions 0..Length-1 split into ordered groups, the first of them perhaps given; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Partition internal (spec: A3.Model.Partition) =

    member internal _.Spec = spec

    /// Groups by rank, the first `evidence` of them given; throws ArgumentException where they are not disjoint, covering
    /// and non-empty.
    static member OfGroups(groups: int[][], evidence: int) =
        Partition(Specification.create evidence groups)

    /// Groups by rank, none of them given.
    static member OfGroups([<ParamArray>] groups: int[][]) =
        Partition(Specification.create 0 groups)

    /// Number of positions.
    member _.Length = Specification.length spec

    /// Number of groups, given ones included.
    member _.GroupCount = Specification.groupCount spec

    /// How many leading groups are given.
    member _.EvidenceGroups = Specification.evidenceGroups spec

    /// Groups by rank, positions ascending; fresh arrays.
    member _.Groups = Specification.groups spec

    /// The rank of the group of each position, [length].
    member _.Ranks = Specification.groupOf spec

    /// Whether a position is given; throws IndexOutOfRangeException outside 0..Length-1.
    member _.IsEvidence(position: int) = Specification.isEvidence position spec

    /// Whether each group lies within one group of the other, in the same order of groups.
    member _.Refines(other: Partition) = Specification.refines spec other.Spec

    /// Reads the text form; throws SpecificationException where the text is not a partition.
    static member Parse(text: string) =
        Partition(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a partition.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Partition | null>) =
        result <- Text.tryParse Specification.parse Partition text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Partition | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Partition as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Partition> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back: `given 0..3 8 / 4 7 / 5..6`.
    override _.ToString() = Specification.print spec

namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Mask
module Layout = A3.Model.Layout

/// Who may attend to whom, as relations of a query position to a key position; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Mask internal (spec: A3.Model.Mask) =

    member internal _.Spec = spec

    /// The content stream: groups up to and including the own one.
    static member Content = Mask Specification.content

    /// The query stream: groups before the own one.
    static member Query = Mask Specification.query

    /// Both masks have to allow.
    member _.And(other: Mask) =
        Mask(A3.Model.Mask.And(spec, other.Spec))

    /// One of the masks has to allow.
    member _.Or(other: Mask) =
        Mask(A3.Model.Mask.Or(spec, other.Spec))

    /// Allows what this mask does not.
    member _.Not() = Mask(A3.Model.Mask.Not spec)

    /// The mask of one unpadded sequence, [query, key].
    member _.Matrix(partition: Partition) =
        Layout.ofPartition partition.Spec |> Specification.matrix spec

    /// Reads the text form; throws SpecificationException where the text is not a mask.
    static member Parse(text: string) =
        Mask(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a mask.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Mask | null>) =
        result <- Text.tryParse Specification.parse Mask text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Mask | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Mask as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Mask> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back: `earlier-group or same-group`.
    override _.ToString() = Specification.print spec

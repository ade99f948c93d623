namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Order
module Permutation = A3.Model.Permutation

/// Which position is generated at which step, for every length; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Order internal (spec: A3.Model.Order) =

    member internal _.Spec = spec

    /// 0, 1, 2, ...
    static member LeftToRight = Order A3.Model.Order.LeftToRight

    /// ..., 2, 1, 0.
    static member RightToLeft = Order A3.Model.Order.RightToLeft

    /// The middle, then the middles of both halves, and so on.
    static member Bisect = Order A3.Model.Order.Bisect

    /// A uniform permutation, the same for the same seed.
    static member Random(seed: int64) = Order(A3.Model.Order.Random seed)

    /// Far-apart positions first: those with remainder 0 by the stride, then remainder 1, ...
    static member Strided(stride: int) =
        Order(A3.Model.Order.Strided(Text.atLeast 1 (nameof stride) stride))

    /// Equal contiguous lanes side by side, each one step behind the lane at its left.
    static member Staggered(lanes: int) =
        Order(A3.Model.Order.Staggered(Text.atLeast 1 (nameof lanes) lanes))

    /// By distance from the middle, nearest first.
    static member InsideOut() =
        Order(A3.Model.Order.InsideOut A3.Model.Anchor.Middle)

    /// By distance from a position, nearest first; one past the end counts as the last.
    static member InsideOut(anchor: int) =
        Order(A3.Model.Order.InsideOut(A3.Model.Anchor.At(Text.atLeast 0 (nameof anchor) anchor)))

    /// By distance from the middle, farthest first.
    static member OutsideIn() =
        Order(A3.Model.Order.OutsideIn A3.Model.Anchor.Middle)

    /// By distance from a position, farthest first; one past the end counts as the last.
    static member OutsideIn(anchor: int) =
        Order(A3.Model.Order.OutsideIn(A3.Model.Anchor.At(Text.atLeast 0 (nameof anchor) anchor)))

    /// Blocks left to right, each arranged by another order.
    static member Blockwise(size: int, inner: Order) =
        Order(A3.Model.Order.Blockwise(Text.atLeast 1 (nameof size) size, inner.Spec))

    /// The listed positions that exist, each once, then the others left to right.
    static member Explicit([<ParamArray>] steps: int[]) =
        let steps = steps |> Seq.map (Text.atLeast 0 (nameof steps)) |> List.ofSeq
        Order(A3.Model.Order.Explicit steps)

    /// Last step first.
    member _.Reverse() = Order(A3.Model.Order.Reverse spec)

    /// At step t, the position of this order at the step that `inner` has at t.
    member _.Compose(inner: Order) =
        Order(A3.Model.Order.Compose(spec, inner.Spec))

    /// Names the positions `first..last` only, in this order; the others follow left to right, or as `Then` says.
    member _.Within(first: int, last: int) =
        let first = Text.atLeast 0 (nameof first) first

        let interval =
            A3.Model.Interval.between first (Text.atLeast first (nameof last) last)

        Order(A3.Model.Order.Within(interval, spec))

    /// The positions that this order names, then the others in the order of `rest`.
    member _.Then(rest: Order) =
        Order(A3.Model.Order.Then(spec, rest.Spec))

    /// The positions by step, [length].
    member _.Resolve(length: int) =
        Specification.resolve (Text.atLeast 0 (nameof length) length) spec
        |> Permutation.positions

    /// Reads the text form; throws SpecificationException where the text is not an order.
    static member Parse(text: string) =
        Order(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not an order.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Order | null>) =
        result <- Text.tryParse Specification.parse Order text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Order | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Order as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Order> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back.
    override _.ToString() = Specification.print spec

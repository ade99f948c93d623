namespace A3

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices

module Specification = A3.Model.Grouping

/// A recipe that yields a partition for a sequence of any length; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Grouping internal (spec: A3.Model.Grouping) =

    static let cut (order: Order) cut =
        Grouping(A3.Model.Grouping.Cut(order.Spec, cut))

    member internal _.Spec = spec

    /// One position per group.
    static member Singletons(order: Order) = cut order A3.Model.Cut.Singletons

    /// Groups of one size; the last may be smaller.
    static member Chunks(order: Order, size: int) =
        cut order (A3.Model.Cut.Sized(A3.Model.SizeSchedule.Constant(Text.atLeast 1 (nameof size) size)))

    /// Groups of the listed sizes, the last size again and again.
    static member Sizes(order: Order, [<ParamArray>] sizes: int[]) =
        let sizes = sizes |> Seq.map (Text.atLeast 1 (nameof sizes)) |> List.ofSeq
        cut order (A3.Model.Cut.Sized(A3.Model.SizeSchedule.Explicit sizes))

    /// Group k holds round(first * ratio^k) positions.
    static member Geometric(order: Order, first: int, ratio: float) =
        if not (ratio > 0.0 && Double.IsFinite ratio) then
            raise (ArgumentOutOfRangeException(nameof ratio, string ratio, "a ratio is a finite number above 0."))

        cut order (A3.Model.Cut.Sized(A3.Model.SizeSchedule.Geometric(Text.atLeast 1 (nameof first) first, ratio)))

    /// After k of K groups floor(N cos(pi k / 2K)) positions are open.
    static member Cosine(order: Order, groups: int) =
        cut order (A3.Model.Cut.Sized(A3.Model.SizeSchedule.Cosine(Text.atLeast 1 (nameof groups) groups)))

    /// Everything in one group: independent tokens.
    static member AllAtOnce =
        Grouping(A3.Model.Grouping.Cut(A3.Model.Order.LeftToRight, A3.Model.Cut.AllAtOnce))

    /// The same recipe with these positions given, as one group.
    member _.Given([<ParamArray>] positions: int[]) =
        let intervals =
            positions
            |> Seq.map (Text.atLeast 0 (nameof positions))
            |> A3.Model.Interval.ofPositions

        Grouping(A3.Model.Grouping.Given(intervals, spec))

    /// The groups of the positions that this recipe's orders name, then `rest` over the positions still open.
    member _.Then(rest: Grouping) =
        Grouping(A3.Model.Grouping.Then(spec, rest.Spec))

    /// A group of this recipe, a group of the other, and so on; each position where it comes first.
    member _.Interleave(other: Grouping) =
        Grouping(A3.Model.Grouping.Interleave(spec, other.Spec))

    /// Every `factor` consecutive groups as one.
    member _.Coarsen(factor: int) =
        Grouping(A3.Model.Grouping.Coarsen(Text.atLeast 1 (nameof factor) factor, spec))

    /// Every group split by another recipe over its own positions.
    member _.Refine(within: Grouping) =
        Grouping(A3.Model.Grouping.Refine(within.Spec, spec))

    /// The same recipe with every random order in it redrawn.
    member _.Reseed(seed: int64) =
        Grouping(Specification.reseed (A3.Model.Seed.ofInt64 seed) spec)

    /// Whether the recipe groups by words or sentences, so that only a text shows what it means.
    member _.NeedsText = not (Specification.needs spec).IsEmpty

    /// The partition of a sequence of which nothing is given but what the recipe gives; throws A3Exception where the recipe
    /// needs a text.
    member this.Resolve(length: int) = this.Resolve(length, [||])

    /// The partition of a sequence with these positions given, as one group; throws ArgumentException for one outside
    /// 0..length-1, A3Exception where the recipe needs a text.
    member this.Resolve(length: int, given: int[]) =
        if this.NeedsText then
            let needs = String.Join(" and ", Specification.needs spec)

            raise (
                A3Exception(
                    $"'{A3.Shown.Text(Specification.print spec)}' groups by {needs}, which a length has none of; give where words and sentences start."
                )
            )

        this.Resolve(length, given, [||], [||])

    /// As the other, for a text in which words and sentences start at these positions, ascending; where none are named every
    /// position is one.
    member _.Resolve(length: int, given: int[], wordStarts: int[], sentenceStarts: int[]) =
        for position in given do
            if position < 0 || position >= length then
                invalidArg
                    (nameof given)
                    $"position %d{position} is given, but a sequence of length %d{length} holds only 0..%d{length - 1}."

        let layout =
            A3.Model.SequenceLayout.ofLength (Text.atLeast 0 (nameof length) length)
            |> A3.Model.SequenceLayout.given given

        let layout =
            { layout with
                WordStarts = Array.copy wordStarts
                SentenceStarts = Array.copy sentenceStarts
            }

        Partition(Specification.resolve layout spec)

    /// Reads the text form; throws SpecificationException where the text is not a grouping.
    static member Parse(text: string) =
        Grouping(Text.parse Specification.parse text)

    /// Reads the text form; false and null where the text is not a grouping.
    static member TryParse(text: string | null, [<Out; NotNullWhen(true)>] result: byref<Grouping | null>) =
        result <- Text.tryParse Specification.parse Grouping text
        not (isNull result)

    /// Equality of the specifications.
    member _.Equals(other: Grouping | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Grouping as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Grouping> with
        member this.Equals other = this.Equals other

    /// The text form, which `Parse` reads back: `random 7 | chunks 4`.
    override _.ToString() = Specification.print spec

namespace A3.Tensors

#nowarn "9"

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

/// Loops over rows of float32 in memory: what attention does beside products, and norms.
[<RequireQualifiedAccess>]
module internal RowLoops =

    let private lanes = Vector<float32>.Count

    let inline private at (start: nativeptr<float32>) index = NativePtr.add start index

    let inline private load start index : Vector<float32> = Vector.Load(at start index)

    let inline private store start index (numbers: Vector<float32>) = Vector.Store(numbers, at start index)

    let inline private all (number: float32) : Vector<float32> = Vector.Create number

    let inline private fused (left: Vector<float32>) right sum : Vector<float32> =
        Vector.FusedMultiplyAdd(left, right, sum)

    let private logOfTwo, private perLogOfTwo = 0.693147180559945f, 1.44269504088896f

    /// e^x of x that are 0 at most, good to some 1e-7; where a float32 does not hold it, next to 0.
    let inline private exponential (x: Vector<float32>) =
        let power = Vector.MaxNative(all -126f, x * all perLogOfTwo)
        let whole = Vector.Round power
        let rest = (power - whole) * all logOfTwo

        // Taylor's polynomial of e^rest, rest at most 0.35 from 0.
        let mutable series = fused rest (all (1f / 5040f)) (all (1f / 720f))
        series <- fused series rest (all (1f / 120f))
        series <- fused series rest (all (1f / 24f))
        series <- fused series rest (all (1f / 6f))
        series <- fused series rest (all 0.5f)
        series <- fused series rest (all 1f)
        series <- fused series rest (all 1f)
        let exponent = Vector.ConvertToInt32Native whole + Vector.Create 127
        series * Vector.AsVectorSingle(Vector.ShiftLeft(exponent, 23))

    /// The numbers that lie at `first` up to, not including, `stop`, of those at `index` and behind it; others elsewhere.
    let inline private inside first stop index (numbers: Vector<float32>) others =
        let indices = Vector.Create(index: int) + Vector<int>.Indices

        let within =
            Vector.GreaterThanOrEqual(indices, Vector.Create(first: int))
            &&& Vector.LessThan(indices, Vector.Create(stop: int))

        Vector.ConditionalSelect(Vector.AsVectorSingle within, numbers, others)

    /// The greatest of the scores at `first` up to, not including, `stop`.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let greatest (scores: nativeptr<float32>) first stop =
        let least = all Single.NegativeInfinity
        let mutable greatest = least
        let mutable index = first / lanes * lanes

        while index < stop do
            greatest <- Vector.MaxNative(greatest, inside first stop index (load scores index) least)
            index <- index + lanes

        let mutable most = greatest[0]

        for lane in 1 .. lanes - 1 do
            most <- max most (greatest[lane])

        most

    /// The scores at `low` up to `high`, whole registers, become e^(score - shift) where they lie at `first` up to, not including, `stop`,
    /// else 0; gives the sum.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let exponentials (scores: nativeptr<float32>) low high first stop (shift: float32) =
        let mutable sum = all 0f
        let mutable index = low

        while index < high do
            let terms =
                inside first stop index (exponential (load scores index - all shift)) (all 0f)

            store scores index terms
            sum <- sum + terms
            index <- index + lanes

        Vector.Sum sum

    /// Of a row of probabilities p and the gradient g towards them, both at `low` up to `high`, that towards the scores, p (g - sum p g), in
    /// place of g.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let slopes (probabilities: nativeptr<float32>) (gradient: nativeptr<float32>) low high =
        let mutable sum = all 0f
        let mutable index = low

        while index < high do
            sum <- fused (load probabilities index) (load gradient index) sum
            index <- index + lanes

        let mean = all (Vector.Sum sum)
        index <- low

        while index < high do
            load probabilities index * (load gradient index - mean) |> store gradient index

            index <- index + lanes

    /// `width` numbers times a factor.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let scale (source: nativeptr<float32>) (target: nativeptr<float32>) width (factor: float32) =
        let mutable index = 0

        while index + lanes <= width do
            load source index * all factor |> store target index
            index <- index + lanes

        while index < width do
            NativePtr.set target index (NativePtr.get source index * factor)
            index <- index + 1

    /// A head of `width` numbers turned by RoPE, times a factor: number i becomes cosine_i x_i + sine_i x_(i + half), see `Rotation`. Back, it is the
    /// gradient towards the head from that towards the turned one: sine_(i + half) in place of sine_i.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let turn back (source: nativeptr<float32>) cosines sines (target: nativeptr<float32>) width (factor: float32) =
        let half = width / 2

        for part in 0..1 do
            let start, other = part * half, (1 - part) * half
            let own, across, target = at source start, at source other, at target start
            let cosines, sines = at cosines start, at sines (if back then other else start)
            let mutable index = 0

            while index + lanes <= half do
                fused (load across index) (load sines index) (load own index * load cosines index)
                * all factor
                |> store target index

                index <- index + lanes

            while index < half do
                let turned =
                    NativePtr.get own index * NativePtr.get cosines index
                    + NativePtr.get across index * NativePtr.get sines index

                NativePtr.set target index (turned * factor)
                index <- index + 1

    /// Four rows `stride` apart, of `width` numbers and up to three more, as columns of a panel [width, `Tile.Columns`].
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let transposeFour (source: nativeptr<float32>) stride (panel: nativeptr<float32>) width =
        let mutable index = 0

        while Sse.IsSupported && index < width do
            let first = Vector128.Load(at source index)
            let second = Vector128.Load(at source (stride + index))
            let third = Vector128.Load(at source (2 * stride + index))
            let fourth = Vector128.Load(at source (3 * stride + index))
            let low, otherLow = Sse.UnpackLow(first, second), Sse.UnpackLow(third, fourth)
            let high, otherHigh = Sse.UnpackHigh(first, second), Sse.UnpackHigh(third, fourth)
            Vector128.Store(Sse.MoveLowToHigh(low, otherLow), at panel (index * Tile.Columns))
            Vector128.Store(Sse.MoveHighToLow(otherLow, low), at panel ((index + 1) * Tile.Columns))
            Vector128.Store(Sse.MoveLowToHigh(high, otherHigh), at panel ((index + 2) * Tile.Columns))
            Vector128.Store(Sse.MoveHighToLow(otherHigh, high), at panel ((index + 3) * Tile.Columns))
            index <- index + 4

        while index < width do
            for row in 0..3 do
                NativePtr.set panel (index * Tile.Columns + row) (NativePtr.get source (row * stride + index))

            index <- index + 1

    /// The sum of the squares of `width` numbers.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let squares (row: nativeptr<float32>) width =
        let mutable sums = all 0f
        let mutable index = 0

        while index + lanes <= width do
            let numbers = load row index
            sums <- fused numbers numbers sums
            index <- index + lanes

        let mutable sum = Vector.Sum sums

        while index < width do
            sum <- sum + NativePtr.get row index * NativePtr.get row index
            index <- index + 1

        sum

    /// A row times a factor, each of its numbers times its gain.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let gained
        (row: nativeptr<float32>)
        (gains: nativeptr<float32>)
        (target: nativeptr<float32>)
        width
        (factor: float32)
        =
        let mutable index = 0

        while index + lanes <= width do
            load row index * all factor * load gains index |> store target index
            index <- index + lanes

        while index < width do
            NativePtr.set target index (NativePtr.get row index * factor * NativePtr.get gains index)
            index <- index + 1

    /// The way back through `gained` by the factor 1 / sqrt (mean of squares + epsilon): from the gradient towards the target to that
    /// towards the row, and that towards gains, added to their sums.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let normedBack
        (row: nativeptr<float32>)
        (gains: nativeptr<float32>)
        (gradient: nativeptr<float32>)
        (toRow: nativeptr<float32>)
        (toGains: nativeptr<float32>)
        width
        (factor: float32)
        =
        let mutable sums = all 0f
        let mutable index = 0

        while index + lanes <= width do
            let across = load gradient index * load row index
            sums <- fused across (load gains index) sums
            fused across (all factor) (load toGains index) |> store toGains index
            index <- index + lanes

        let mutable sum = Vector.Sum sums

        while index < width do
            let across = NativePtr.get gradient index * NativePtr.get row index
            sum <- sum + across * NativePtr.get gains index
            NativePtr.set toGains index (NativePtr.get toGains index + across * factor)
            index <- index + 1

        let shrink = -factor * factor * factor * sum / float32 width
        index <- 0

        while index + lanes <= width do
            fused (load gradient index * load gains index) (all factor) (load row index * all shrink)
            |> store toRow index

            index <- index + lanes

        while index < width do
            NativePtr.get gradient index * NativePtr.get gains index * factor
            + NativePtr.get row index * shrink
            |> NativePtr.set toRow index

            index <- index + 1

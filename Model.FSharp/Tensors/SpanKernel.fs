namespace A3.Model.Tensors

#nowarn "9"

open System
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

type private Numbers16 = Vector512<float32>

/// The loops of attention over spans, on float32 rows in memory: tiles of 8 rows by 32 columns, whose sums stay in registers.
[<RequireQualifiedAccess>]
module internal SpanKernel =

    /// Rows of a tile.
    [<Literal>]
    let Rows = 8

    /// Columns of a tile, two registers.
    [<Literal>]
    let Columns = 32

    /// Numbers of a register.
    [<Literal>]
    let Lanes = 16

    /// Whether the processor has the registers that the loops are written for.
    let isSupported = Vector512.IsHardwareAccelerated && Sse.IsSupported

    let inline private at (start: nativeptr<float32>) index = NativePtr.add start index

    let inline private load start index : Numbers16 = Vector512.Load(at start index)

    let inline private store start index (numbers: Numbers16) =
        Vector512.Store(numbers, at start index)

    let inline private all (number: float32) : Numbers16 = Vector512.Create number

    let inline private fused (left: Numbers16) right sum : Numbers16 =
        Vector512.FusedMultiplyAdd(left, right, sum)

    /// c = a b, or c += a b, for a tile c [8, 32] of rows `cStride` apart: a is [8, depth], its rows `aRow` and its columns `aStep` apart, b is [depth,
    /// 32], its rows `bStride` apart. Every sum is one chain in the order of depth.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let multiply (a: nativeptr<float32>) aRow aStep (b: nativeptr<float32>) bStride depth c cStride accumulate =
        let mutable low0, high0 = all 0f, all 0f
        let mutable low1, high1 = all 0f, all 0f
        let mutable low2, high2 = all 0f, all 0f
        let mutable low3, high3 = all 0f, all 0f
        let mutable low4, high4 = all 0f, all 0f
        let mutable low5, high5 = all 0f, all 0f
        let mutable low6, high6 = all 0f, all 0f
        let mutable low7, high7 = all 0f, all 0f

        if accumulate then
            low0 <- load c 0
            high0 <- load c Lanes
            low1 <- load c cStride
            high1 <- load c (cStride + Lanes)
            low2 <- load c (2 * cStride)
            high2 <- load c (2 * cStride + Lanes)
            low3 <- load c (3 * cStride)
            high3 <- load c (3 * cStride + Lanes)
            low4 <- load c (4 * cStride)
            high4 <- load c (4 * cStride + Lanes)
            low5 <- load c (5 * cStride)
            high5 <- load c (5 * cStride + Lanes)
            low6 <- load c (6 * cStride)
            high6 <- load c (6 * cStride + Lanes)
            low7 <- load c (7 * cStride)
            high7 <- load c (7 * cStride + Lanes)

        let mutable a = a
        let mutable a4 = at a (4 * aRow)
        let mutable b = b

        for _ in 1..depth do
            let low, high = load b 0, load b Lanes
            let x = all (NativePtr.read a)
            low0 <- fused x low low0
            high0 <- fused x high high0
            let x = all (NativePtr.get a aRow)
            low1 <- fused x low low1
            high1 <- fused x high high1
            let x = all (NativePtr.get a (2 * aRow))
            low2 <- fused x low low2
            high2 <- fused x high high2
            let x = all (NativePtr.get a (3 * aRow))
            low3 <- fused x low low3
            high3 <- fused x high high3
            let x = all (NativePtr.read a4)
            low4 <- fused x low low4
            high4 <- fused x high high4
            let x = all (NativePtr.get a4 aRow)
            low5 <- fused x low low5
            high5 <- fused x high high5
            let x = all (NativePtr.get a4 (2 * aRow))
            low6 <- fused x low low6
            high6 <- fused x high high6
            let x = all (NativePtr.get a4 (3 * aRow))
            low7 <- fused x low low7
            high7 <- fused x high high7
            a <- at a aStep
            a4 <- at a4 aStep
            b <- at b bStride

        store c 0 low0
        store c Lanes high0
        store c cStride low1
        store c (cStride + Lanes) high1
        store c (2 * cStride) low2
        store c (2 * cStride + Lanes) high2
        store c (3 * cStride) low3
        store c (3 * cStride + Lanes) high3
        store c (4 * cStride) low4
        store c (4 * cStride + Lanes) high4
        store c (5 * cStride) low5
        store c (5 * cStride + Lanes) high5
        store c (6 * cStride) low6
        store c (6 * cStride + Lanes) high6
        store c (7 * cStride) low7
        store c (7 * cStride + Lanes) high7

    let private logOfTwo, private perLogOfTwo = 0.693147180559945f, 1.44269504088896f

    /// e^x of x that are 0 at most, good to some 1e-7; where a float32 does not hold it, next to 0.
    let inline private exponential (x: Numbers16) =
        let power = Vector512.MaxNative(all -126f, x * all perLogOfTwo)
        let whole = Vector512.Round power
        let rest = (power - whole) * all logOfTwo

        // Taylor's polynomial of e^rest, rest at most 0.35 from 0.
        let mutable series = fused rest (all (1f / 5040f)) (all (1f / 720f))
        series <- fused series rest (all (1f / 120f))
        series <- fused series rest (all (1f / 24f))
        series <- fused series rest (all (1f / 6f))
        series <- fused series rest (all 0.5f)
        series <- fused series rest (all 1f)
        series <- fused series rest (all 1f)
        let exponent = Vector512.ConvertToInt32Native whole + Vector512.Create 127
        series * Vector512.AsSingle(Vector512.ShiftLeft(exponent, 23))

    /// The numbers that lie at `first` up to, not including, `stop`, of those at `index` and behind it; others elsewhere.
    let inline private inside first stop index (numbers: Numbers16) others =
        let indices = Vector512.Create(index: int) + Vector512<int>.Indices

        let within =
            Vector512.GreaterThanOrEqual(indices, Vector512.Create(first: int))
            &&& Vector512.LessThan(indices, Vector512.Create(stop: int))

        Vector512.ConditionalSelect(Vector512.AsSingle within, numbers, others)

    /// The greatest of the scores at `first` up to, not including, `stop`.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let greatest (scores: nativeptr<float32>) first stop =
        let least = all Single.NegativeInfinity
        let mutable greatest = least
        let mutable index = first / Lanes * Lanes

        while index < stop do
            greatest <- Vector512.MaxNative(greatest, inside first stop index (load scores index) least)
            index <- index + Lanes

        let mutable most = greatest.GetElement 0

        for lane in 1 .. Lanes - 1 do
            most <- max most (greatest.GetElement lane)

        most

    /// The scores at `low` up to `high`, whole registers, become e^(score - shift) where they lie at `first` up to, not including, `stop`,
    /// else 0; gives the sum.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let exponentials (scores: nativeptr<float32>) low high first stop (shift: float32) =
        let mutable sum = all 0f
        let mutable index = low

        while index < high do
            let terms =
                inside first stop index (exponential (load scores index - all shift)) (all 0f)

            store scores index terms
            sum <- sum + terms
            index <- index + Lanes

        Vector512.Sum sum

    /// Of a row of probabilities p and the gradient g towards them, both at `low` up to `high`, that towards the scores, p (g - sum p g), in
    /// place of g.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let slopes (probabilities: nativeptr<float32>) (gradient: nativeptr<float32>) low high =
        let mutable sum = all 0f
        let mutable index = low

        while index < high do
            sum <- fused (load probabilities index) (load gradient index) sum
            index <- index + Lanes

        let mean = all (Vector512.Sum sum)
        index <- low

        while index < high do
            load probabilities index * (load gradient index - mean)
            |> store gradient index

            index <- index + Lanes

    /// `width` numbers times a factor.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let scale (source: nativeptr<float32>) (target: nativeptr<float32>) width (factor: float32) =
        let mutable index = 0

        while index + Lanes <= width do
            load source index * all factor |> store target index
            index <- index + Lanes

        while index < width do
            NativePtr.set target index (NativePtr.get source index * factor)
            index <- index + 1

    /// A head of `width` numbers turned by RoPE and times a factor: number i becomes cosine_i x_i + sine_i x_(i + half), see `Rotation`.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let turn (source: nativeptr<float32>) cosine sine (target: nativeptr<float32>) width (factor: float32) =
        let half = width / 2

        for part in 0..1 do
            let start, other = part * half, (1 - part) * half
            let mutable index = 0

            while index + Lanes <= half do
                let own = load source (start + index) * load cosine (start + index)

                fused (load source (other + index)) (load sine (start + index)) own * all factor
                |> store target (start + index)

                index <- index + Lanes

            while index < half do
                NativePtr.get source (start + index) * NativePtr.get cosine (start + index)
                + NativePtr.get source (other + index) * NativePtr.get sine (start + index)
                |> fun turned -> NativePtr.set target (start + index) (turned * factor)

                index <- index + 1

    /// The gradient towards a head from that towards the turned head, times a factor: the rotation the other way.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let turnBack (source: nativeptr<float32>) cosine sine (target: nativeptr<float32>) width (factor: float32) =
        let half = width / 2

        for part in 0..1 do
            let start, other = part * half, (1 - part) * half
            let mutable index = 0

            while index + Lanes <= half do
                let own = load source (start + index) * load cosine (start + index)

                fused (load source (other + index)) (load sine (other + index)) own * all factor
                |> store target (start + index)

                index <- index + Lanes

            while index < half do
                NativePtr.get source (start + index) * NativePtr.get cosine (start + index)
                + NativePtr.get source (other + index) * NativePtr.get sine (other + index)
                |> fun turned -> NativePtr.set target (start + index) (turned * factor)

                index <- index + 1

    /// Four rows `stride` apart, of `width` numbers and up to three more, as columns of a panel [width, 32].
    [<MethodImpl(MethodImplOptions.AggressiveOptimization ||| MethodImplOptions.NoInlining)>]
    let transposeFour (source: nativeptr<float32>) stride (panel: nativeptr<float32>) width =
        let mutable index = 0

        while index < width do
            let first = Vector128.Load(at source index)
            let second = Vector128.Load(at source (stride + index))
            let third = Vector128.Load(at source (2 * stride + index))
            let fourth = Vector128.Load(at source (3 * stride + index))
            let low, otherLow = Sse.UnpackLow(first, second), Sse.UnpackLow(third, fourth)
            let high, otherHigh = Sse.UnpackHigh(first, second), Sse.UnpackHigh(third, fourth)
            Vector128.Store(Sse.MoveLowToHigh(low, otherLow), at panel (index * Columns))
            Vector128.Store(Sse.MoveHighToLow(otherLow, low), at panel ((index + 1) * Columns))
            Vector128.Store(Sse.MoveLowToHigh(high, otherHigh), at panel ((index + 2) * Columns))
            Vector128.Store(Sse.MoveHighToLow(otherHigh, high), at panel ((index + 3) * Columns))
            index <- index + 4

namespace A3.Tensors

#nowarn "9"

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.Arm
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Products of float32 matrices in memory by tiles of 8 rows and 32 columns, whose sums stay in registers. Loops are never inlined: a
/// program compiled by its profile would have calls in them.
[<RequireQualifiedAccess>]
module internal Tile =

    /// Rows of a tile.
    [<Literal>]
    let Rows = 8

    /// Columns of a tile, a multiple of the numbers of a register.
    [<Literal>]
    let Columns = 32

    /// Numbers of a line of a cache.
    [<Literal>]
    let Line = 16

    /// Whether loops of our own are of use on a device: a CPU that multiplies and adds at once, and whose threads can be had.
    let isFor (device: torch.Device) =
        device.``type`` = DeviceType.CPU
        && (Fma.IsSupported || AdvSimd.IsSupported)
        && Team.isThere ()

    let private lanes = Vector<float32>.Count

    let inline private at (start: nativeptr<float32>) index = NativePtr.add start index

    let inline private load start index : Vector<float32> = Vector.Load(at start index)

    let inline private store start index (numbers: Vector<float32>) = Vector.Store(numbers, at start index)

    let inline private all (number: float32) : Vector<float32> = Vector.Create number

    let inline private fused (left: Vector<float32>) right sum : Vector<float32> =
        Vector.FusedMultiplyAdd(left, right, sum)

    /// Numbers of a register of 512 bits.
    [<Literal>]
    let private WideLanes = 16

    let inline private loadWide start index : Vector512<float32> = Vector512.Load(at start index)

    let inline private storeWide start index (numbers: Vector512<float32>) =
        Vector512.Store(numbers, at start index)

    let inline private allWide (number: float32) : Vector512<float32> = Vector512.Create number

    let inline private fusedWide (left: Vector512<float32>) right sum : Vector512<float32> =
        Vector512.FusedMultiplyAdd(left, right, sum)

    /// `multiply` in registers of 512 bits, all of the tile at once: 16 sums, 2 numbers of b, and one of a.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let multiplyWide (a: nativeptr<float32>) aRow aStep (b: nativeptr<float32>) bStride depth c cStride accumulate =
        let mutable low0, high0 = allWide 0f, allWide 0f
        let mutable low1, high1 = allWide 0f, allWide 0f
        let mutable low2, high2 = allWide 0f, allWide 0f
        let mutable low3, high3 = allWide 0f, allWide 0f
        let mutable low4, high4 = allWide 0f, allWide 0f
        let mutable low5, high5 = allWide 0f, allWide 0f
        let mutable low6, high6 = allWide 0f, allWide 0f
        let mutable low7, high7 = allWide 0f, allWide 0f

        if accumulate then
            low0 <- loadWide c 0
            high0 <- loadWide c WideLanes
            low1 <- loadWide c cStride
            high1 <- loadWide c (cStride + WideLanes)
            low2 <- loadWide c (2 * cStride)
            high2 <- loadWide c (2 * cStride + WideLanes)
            low3 <- loadWide c (3 * cStride)
            high3 <- loadWide c (3 * cStride + WideLanes)
            low4 <- loadWide c (4 * cStride)
            high4 <- loadWide c (4 * cStride + WideLanes)
            low5 <- loadWide c (5 * cStride)
            high5 <- loadWide c (5 * cStride + WideLanes)
            low6 <- loadWide c (6 * cStride)
            high6 <- loadWide c (6 * cStride + WideLanes)
            low7 <- loadWide c (7 * cStride)
            high7 <- loadWide c (7 * cStride + WideLanes)

        let mutable a = a
        let mutable a4 = at a (4 * aRow)
        let mutable b = b

        for _ in 1..depth do
            let low, high = loadWide b 0, loadWide b WideLanes
            let x = allWide (NativePtr.read a)
            low0 <- fusedWide x low low0
            high0 <- fusedWide x high high0
            let x = allWide (NativePtr.get a aRow)
            low1 <- fusedWide x low low1
            high1 <- fusedWide x high high1
            let x = allWide (NativePtr.get a (2 * aRow))
            low2 <- fusedWide x low low2
            high2 <- fusedWide x high high2
            let x = allWide (NativePtr.get a (3 * aRow))
            low3 <- fusedWide x low low3
            high3 <- fusedWide x high high3
            let x = allWide (NativePtr.read a4)
            low4 <- fusedWide x low low4
            high4 <- fusedWide x high high4
            let x = allWide (NativePtr.get a4 aRow)
            low5 <- fusedWide x low low5
            high5 <- fusedWide x high high5
            let x = allWide (NativePtr.get a4 (2 * aRow))
            low6 <- fusedWide x low low6
            high6 <- fusedWide x high high6
            let x = allWide (NativePtr.get a4 (3 * aRow))
            low7 <- fusedWide x low low7
            high7 <- fusedWide x high high7
            a <- at a aStep
            a4 <- at a4 aStep
            b <- at b bStride

        storeWide c 0 low0
        storeWide c WideLanes high0
        storeWide c cStride low1
        storeWide c (cStride + WideLanes) high1
        storeWide c (2 * cStride) low2
        storeWide c (2 * cStride + WideLanes) high2
        storeWide c (3 * cStride) low3
        storeWide c (3 * cStride + WideLanes) high3
        storeWide c (4 * cStride) low4
        storeWide c (4 * cStride + WideLanes) high4
        storeWide c (5 * cStride) low5
        storeWide c (5 * cStride + WideLanes) high5
        storeWide c (6 * cStride) low6
        storeWide c (6 * cStride + WideLanes) high6
        storeWide c (7 * cStride) low7
        storeWide c (7 * cStride + WideLanes) high7

    /// `multiply` of 4 rows and two registers of columns, which 16 registers hold: 8 sums, 2 numbers of b, and one of a.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private multiplyPart
        (a: nativeptr<float32>)
        aRow
        aStep
        (b: nativeptr<float32>)
        bStride
        depth
        c
        cStride
        accumulate
        =
        let mutable low0, high0 = all 0f, all 0f
        let mutable low1, high1 = all 0f, all 0f
        let mutable low2, high2 = all 0f, all 0f
        let mutable low3, high3 = all 0f, all 0f

        if accumulate then
            low0 <- load c 0
            high0 <- load c lanes
            low1 <- load c cStride
            high1 <- load c (cStride + lanes)
            low2 <- load c (2 * cStride)
            high2 <- load c (2 * cStride + lanes)
            low3 <- load c (3 * cStride)
            high3 <- load c (3 * cStride + lanes)

        let mutable a = a
        let mutable b = b

        for _ in 1..depth do
            let low, high = load b 0, load b lanes
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
            a <- at a aStep
            b <- at b bStride

        store c 0 low0
        store c lanes high0
        store c cStride low1
        store c (cStride + lanes) high1
        store c (2 * cStride) low2
        store c (2 * cStride + lanes) high2
        store c (3 * cStride) low3
        store c (3 * cStride + lanes) high3

    /// `multiply` part by part.
    let multiplyByParts (a: nativeptr<float32>) aRow aStep (b: nativeptr<float32>) bStride depth c cStride accumulate =
        for row in 0..4 .. Rows - 1 do
            for column in 0 .. 2 * lanes .. Columns - 1 do
                multiplyPart
                    (at a (row * aRow))
                    aRow
                    aStep
                    (at b column)
                    bStride
                    depth
                    (at c (row * cStride + column))
                    cStride
                    accumulate

    /// c = a b, or c += a b, for a tile c [8, 32] of rows `cStride` apart: a is [8, depth], its rows `aRow` and its columns `aStep` apart,
    /// b is [depth, 32], its rows `bStride` apart. Every sum is one chain in the order of depth.
    let multiply (a: nativeptr<float32>) aRow aStep (b: nativeptr<float32>) bStride depth c cStride accumulate =
        if Vector512.IsHardwareAccelerated then
            multiplyWide a aRow aStep b bStride depth c cStride accumulate
        else
            multiplyByParts a aRow aStep b bStride depth c cStride accumulate

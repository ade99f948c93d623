using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace A3.Kernels.Products;

/// <summary>The micro-kernel of products in training: a tile of 8 rows and 32 columns, its sums in registers four rows at a time.</summary>
internal static unsafe class TileKernel
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>Columns of a tile, a multiple of the numbers of a register.</summary>
    public const int Columns = 32;

    /// <summary>Rows of b taken at a time, 16 kB, so that the first-level cache holds them for all rows of a; sums go on from memory, exactly.</summary>
    private const int DepthBlock = 128;

    /// <summary>Whether the processor multiplies and adds at once; without it libtorch's own products are faster.</summary>
    public static bool IsOfUse => Fma.IsSupported || AdvSimd.IsSupported;

    /// <summary>
    /// c = a b, or c += a b, for a tile c [8, 32] with rows <paramref name="cStride"/> apart: a is [8, depth], its rows
    /// <paramref name="aRow"/> and its columns <paramref name="aStep"/> apart; b is [depth, 32], its rows <paramref name="bStride"/> apart.
    /// Every sum is one chain of fused multiply-adds in order of depth, whatever the registers.
    /// </summary>
    public static void Multiply(
        float* a, nint aRow, nint aStep, float* b, nint bStride, int depth, float* c, nint cStride, bool accumulate)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Multiply<PanelRows.WidePair>(a, aRow, aStep, b, bStride, depth, c, cStride, accumulate);
        }
        else
        {
            Multiply<PanelRows.Pair>(a, aRow, aStep, b, bStride, depth, c, cStride, accumulate);
        }
    }

    /// <summary>As the other, in registers of one kind.</summary>
    public static void Multiply<T>(
        float* a, nint aRow, nint aStep, float* b, nint bStride, int depth, float* c, nint cStride, bool accumulate)
        where T : struct, IPanelRow<T>
    {
        var done = 0;
        do
        {
            var part = Math.Min(DepthBlock, depth - done);
            for (var row = 0; row < Rows; row += 4)
            {
                for (var column = 0; column < Columns; column += T.Columns)
                {
                    Four<T>(
                        a + row * aRow + done * aStep,
                        aRow,
                        aStep,
                        b + done * bStride + column,
                        bStride,
                        part,
                        c + row * cStride + column,
                        cStride,
                        accumulate || done > 0);
                }
            }

            done += part;
        }
        while (done < depth);
    }

    /// <summary>Four rows and two registers of columns, which 16 registers hold: 8 sums, 2 of b, and one of a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four<T>(
        float* a, nint aRow, nint aStep, float* b, nint bStride, int depth, float* c, nint cStride, bool accumulate)
        where T : struct, IPanelRow<T>
    {
        var c3 = c + 3 * cStride;
        T sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        if (accumulate)
        {
            (sum0, sum1) = (T.Load(c), T.Load(c + cStride));
            (sum2, sum3) = (T.Load(c + 2 * cStride), T.Load(c3));
        }

        var a3 = a + 3 * aRow;
        for (var step = 0; step < depth; step++)
        {
            var row = T.Load(b);
            T.Add(ref sum0, a[0], row);
            T.Add(ref sum1, a[aRow], row);
            T.Add(ref sum2, a[2 * aRow], row);
            T.Add(ref sum3, a3[0], row);
            a += aStep;
            a3 += aStep;
            b += bStride;
        }

        sum0.Store(c);
        sum1.Store(c + cStride);
        sum2.Store(c + 2 * cStride);
        sum3.Store(c3);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace A3.Kernels.Products;

/// <summary>The micro-kernel of packed matrix products in decoding: a few rows times one panel of columns.</summary>
/// <remarks>
/// A panel is [depth, <see cref="Columns"/>], depth-major, so that weights stream once, in order, and no sum runs across
/// lanes. Law 12: each output is one chain of fused multiply-adds in order of depth, whatever the number of rows, so a row
/// gets the same bits alone and among others. The loops are never inlined, here and in other kernels: a program compiled by its profile,
/// as .NET programs are unless they say otherwise, would have them in their callers, and calls for rows of a panel in them; groups
/// of 4 then took about twice as long.
/// </remarks>
internal static unsafe class PanelKernel
{
    /// <summary>Columns of a panel: with four rows, 16 accumulators, 4 panel vectors and 1 broadcast fit 32 registers.</summary>
    public static int Columns => 4 * Vector<float>.Count;

    /// <summary>Most rows that share one pass over a panel.</summary>
    public static int MostRows => HasEight ? 8 : 4;

    /// <summary>6 kB, into the first-level cache: what is fetched from there on arrives in time, and a line is waited for once only.</summary>
    private const int Ahead = 1536;

    /// <summary>
    /// The machine itself fetches ahead only up to the end of a page. Two lines of a page that is read three pages later set it going there,
    /// into the second-level cache; without them every page begins with a pause of about a tenth of a microsecond.
    /// </summary>
    private const int PageBytes = 4096, PageAhead = 3 * PageBytes;

    private const int LineBytes = LineNumbers * sizeof(float);

    /// <summary>Numbers of a cache line.</summary>
    private const int LineNumbers = 16;

    /// <summary>
    /// Whether eight rows can share one pass over a panel, which half hides their arithmetic behind the reading: their sums fit
    /// the registers only where a row of a panel is two of 512 bits. Four rows then take 0.8 of the time too; fewer gain nothing.
    /// </summary>
    private static bool HasEight => Vector512.IsHardwareAccelerated && Columns == 2 * Vector512<float>.Count;

    /// <summary>Whether there are 16 registers only, half of what four rows of a panel need.</summary>
    private static bool HasFewRegisters => X86Base.IsSupported && !Vector512.IsHardwareAccelerated;

    /// <summary>
    /// y = x panel, or y += x panel: x is [rows, depth], y is [rows, <see cref="Columns"/>], with rows the given strides apart;
    /// <paramref name="fromMemory"/> says that the panel is likely in no cache.
    /// </summary>
    public static void Multiply(
        float* x,
        nint xStride,
        int rows,
        float* panel,
        nint panelStride,
        int depth,
        float* y,
        nint yStride,
        bool accumulate,
        bool fromMemory = false)
    {
        for (int row = 0, count; row < rows; row += count)
        {
            count = Math.Min(MostRows, rows - row);
            var input = x + row * xStride;
            var output = y + row * yStride;

            switch (count)
            {
                case > 4:
                    Eight<PanelRows.WidePair>(input, xStride, count, panel, panelStride, depth, output, yStride, accumulate);
                    break;
                case > 2 when HasEight:
                    Four<PanelRows.WidePair>(input, xStride, count, panel, panelStride, depth, output, yStride, accumulate);
                    break;
                case > 2 when HasFewRegisters:
                    // Its halves, one after the other, each of them in registers; lines of the second are fetched with the first.
                    var half = Columns / 2;
                    Four<PanelRows.Pair>(input, xStride, count, panel, panelStride, depth, output, yStride, accumulate);
                    Four<PanelRows.Pair>(input, xStride, count, panel + half, panelStride, depth, output + half, yStride, accumulate);
                    break;
                case > 2:
                    Four<PanelRows.Quad>(input, xStride, count, panel, panelStride, depth, output, yStride, accumulate);
                    break;
                case 2:
                    Two<PanelRows.Quad>(input, xStride, panel, panelStride, depth, output, yStride, accumulate, fromMemory);
                    break;
                default:
                    One<PanelRows.Quad>(input, panel, panelStride, depth, output, accumulate, fromMemory);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void One<T>(
        float* x, float* panel, nint panelStride, int depth, float* y, bool accumulate, bool fromMemory)
        where T : struct, IPanelRow<T>
    {
        var a = Start<T>(y, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            if (fromMemory)
            {
                FetchAhead(panel);
            }

            T.Add(ref a, x[i], T.Load(panel));
        }

        a.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Two<T>(
        float* x,
        nint xStride,
        float* panel,
        nint panelStride,
        int depth,
        float* y,
        nint yStride,
        bool accumulate,
        bool fromMemory)
        where T : struct, IPanelRow<T>
    {
        var a = Start<T>(y, accumulate);
        var b = Start<T>(y + yStride, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            if (fromMemory)
            {
                FetchAhead(panel);
            }

            var weights = T.Load(panel);
            T.Add(ref a, x[i], weights);
            T.Add(ref b, x[i + xStride], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
    }

    /// <summary>Three rows or four: of three, the last is computed twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four<T>(
        float* x, nint xStride, int rows, float* panel, nint panelStride, int depth, float* y, nint yStride, bool accumulate)
        where T : struct, IPanelRow<T>
    {
        var x3 = x + (rows - 1) * xStride;
        var y3 = y + (rows - 1) * yStride;
        var a = Start<T>(y, accumulate);
        var b = Start<T>(y + yStride, accumulate);
        var c = Start<T>(y + 2 * yStride, accumulate);
        var d = Start<T>(y3, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            FetchAhead(panel);
            var weights = T.Load(panel);
            T.Add(ref a, x[i], weights);
            T.Add(ref b, x[i + xStride], weights);
            T.Add(ref c, x[i + 2 * xStride], weights);
            T.Add(ref d, x3[i], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
        c.Store(y + 2 * yStride);
        d.Store(y3);
    }

    /// <summary>Five rows to eight: those that are too many for five to seven are computed twice, which costs less than two passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Eight<T>(
        float* x, nint xStride, int rows, float* panel, nint panelStride, int depth, float* y, nint yStride, bool accumulate)
        where T : struct, IPanelRow<T>
    {
        // Rows 0 to 2, three that end with the last or with row 5, and the last two.
        nint second = Math.Min(3, rows - 3), third = rows - 2;
        var x3 = x + second * xStride;
        var x6 = x + third * xStride;
        var y3 = y + second * yStride;
        var y6 = y + third * yStride;
        var a = Start<T>(y, accumulate);
        var b = Start<T>(y + yStride, accumulate);
        var c = Start<T>(y + 2 * yStride, accumulate);
        var d = Start<T>(y3, accumulate);
        var e = Start<T>(y3 + yStride, accumulate);
        var f = Start<T>(y3 + 2 * yStride, accumulate);
        var g = Start<T>(y6, accumulate);
        var h = Start<T>(y6 + yStride, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            FetchAhead(panel);
            var weights = T.Load(panel);
            T.Add(ref a, x[i], weights);
            T.Add(ref b, x[i + xStride], weights);
            T.Add(ref c, x[i + 2 * xStride], weights);
            T.Add(ref d, x3[i], weights);
            T.Add(ref e, x3[i + xStride], weights);
            T.Add(ref f, x3[i + 2 * xStride], weights);
            T.Add(ref g, x6[i], weights);
            T.Add(ref h, x6[i + xStride], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
        c.Store(y + 2 * yStride);
        d.Store(y3);
        e.Store(y3 + yStride);
        f.Store(y3 + 2 * yStride);
        g.Store(y6);
        h.Store(y6 + yStride);
    }

    /// <summary>
    /// Asks for the row of a panel, or of the next one, that is multiplied a little later; beyond the end nothing happens. From memory,
    /// panels took 0.9 of the time with one or two rows and 0.8 with four or eight, beside lines of the second-level cache 16 kB ahead.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void FetchAhead(float* panel)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(panel + Ahead);
            Sse.Prefetch0(panel + Ahead + Columns - LineNumbers);

            if (((nint)panel & (PageBytes - 1)) < Columns * sizeof(float))
            {
                Sse.Prefetch1((byte*)panel + PageAhead);
                Sse.Prefetch1((byte*)panel + PageAhead + LineBytes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Start<T>(float* y, bool accumulate)
        where T : struct, IPanelRow<T> => accumulate ? T.Load(y) : default;
}

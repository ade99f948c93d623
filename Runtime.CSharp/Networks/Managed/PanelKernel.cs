using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace A3.Runtime;

/// <summary>The one inner loop of the managed network: a few rows times one panel of columns.</summary>
/// <remarks>
/// A panel is [depth, <see cref="Columns"/>], depth-major, so that weights stream once, in order, and no sum runs across
/// lanes. Law 12: each output is one chain of fused multiply-adds in order of depth, whatever the number of rows, so a row
/// gets the same bits alone and among others.
/// </remarks>
internal static unsafe class PanelKernel
{
    /// <summary>Columns of a panel: with four rows, 16 accumulators, 4 panel vectors and 1 broadcast fit 32 registers.</summary>
    public static int Columns => 4 * Vector<float>.Count;

    /// <summary>
    /// Whether eight rows can share one walk over a panel, which half hides their arithmetic behind the reading; with four
    /// vectors to a panel their sums would not fit the registers.
    /// </summary>
    private static bool HasEight => Vector512.IsHardwareAccelerated && Columns == 2 * Vector512<float>.Count;

    /// <summary>
    /// y = x panel, or y += x panel: x is [rows, depth], y is [rows, <see cref="Columns"/>], with rows the given strides apart.
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
        bool accumulate)
    {
        var row = 0;
        for (; HasEight && row + 8 <= rows; row += 8)
        {
            Eight(x + row * xStride, xStride, panel, panelStride, depth, y + row * yStride, yStride, accumulate);
        }

        for (; row + 4 <= rows; row += 4)
        {
            Four(x + row * xStride, xStride, panel, panelStride, depth, y + row * yStride, yStride, accumulate);
        }

        if (row + 2 <= rows)
        {
            Two(x + row * xStride, xStride, panel, panelStride, depth, y + row * yStride, yStride, accumulate);
            row += 2;
        }

        if (row < rows)
        {
            One(x + row * xStride, panel, panelStride, depth, y + row * yStride, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* x, float* panel, nint panelStride, int depth, float* y, bool accumulate)
    {
        var a = Start(y, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            Add(ref a, x[i], new Quad(panel));
        }

        a.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(
        float* x, nint xStride, float* panel, nint panelStride, int depth, float* y, nint yStride, bool accumulate)
    {
        var a = Start(y, accumulate);
        var b = Start(y + yStride, accumulate);

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            var weights = new Quad(panel);
            Add(ref a, x[i], weights);
            Add(ref b, x[i + xStride], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(
        float* x, nint xStride, float* panel, nint panelStride, int depth, float* y, nint yStride, bool accumulate)
    {
        var a = Start(y, accumulate);
        var b = Start(y + yStride, accumulate);
        var c = Start(y + 2 * yStride, accumulate);
        var d = Start(y + 3 * yStride, accumulate);
        var x3 = x + 3 * xStride;

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            var weights = new Quad(panel);
            Add(ref a, x[i], weights);
            Add(ref b, x[i + xStride], weights);
            Add(ref c, x[i + 2 * xStride], weights);
            Add(ref d, x3[i], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
        c.Store(y + 2 * yStride);
        d.Store(y + 3 * yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(
        float* x, nint xStride, float* panel, nint panelStride, int depth, float* y, nint yStride, bool accumulate)
    {
        var a = StartWide(y, accumulate);
        var b = StartWide(y + yStride, accumulate);
        var c = StartWide(y + 2 * yStride, accumulate);
        var d = StartWide(y + 3 * yStride, accumulate);
        var e = StartWide(y + 4 * yStride, accumulate);
        var f = StartWide(y + 5 * yStride, accumulate);
        var g = StartWide(y + 6 * yStride, accumulate);
        var h = StartWide(y + 7 * yStride, accumulate);
        var x3 = x + 3 * xStride;
        var x6 = x + 6 * xStride;

        for (nint i = 0; i < depth; i++, panel += panelStride)
        {
            var weights = new WidePair(panel);
            Add(ref a, x[i], weights);
            Add(ref b, x[i + xStride], weights);
            Add(ref c, x[i + 2 * xStride], weights);
            Add(ref d, x3[i], weights);
            Add(ref e, x3[i + xStride], weights);
            Add(ref f, x3[i + 2 * xStride], weights);
            Add(ref g, x6[i], weights);
            Add(ref h, x6[i + xStride], weights);
        }

        a.Store(y);
        b.Store(y + yStride);
        c.Store(y + 2 * yStride);
        d.Store(y + 3 * yStride);
        e.Store(y + 4 * yStride);
        f.Store(y + 5 * yStride);
        g.Store(y + 6 * yStride);
        h.Store(y + 7 * yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WidePair StartWide(float* y, bool accumulate) => accumulate ? new WidePair(y) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref WidePair sum, float factor, in WidePair weights)
    {
        var broadcast = Vector512.Create(factor);
        sum.A = Vector512.FusedMultiplyAdd(broadcast, weights.A, sum.A);
        sum.B = Vector512.FusedMultiplyAdd(broadcast, weights.B, sum.B);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Start(float* y, bool accumulate) => accumulate ? new Quad(y) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Quad sum, float factor, in Quad weights)
    {
        var broadcast = Vector.Create(factor);
        sum.A = Vector.FusedMultiplyAdd(broadcast, weights.A, sum.A);
        sum.B = Vector.FusedMultiplyAdd(broadcast, weights.B, sum.B);
        sum.C = Vector.FusedMultiplyAdd(broadcast, weights.C, sum.C);
        sum.D = Vector.FusedMultiplyAdd(broadcast, weights.D, sum.D);
    }

    /// <summary>One row of a panel, in two registers of 512 bits.</summary>
    private struct WidePair
    {
        public Vector512<float> A;
        public Vector512<float> B;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public WidePair(float* source)
        {
            A = Vector512.Load(source);
            B = Vector512.Load(source + Vector512<float>.Count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            A.Store(target);
            B.Store(target + Vector512<float>.Count);
        }
    }

    /// <summary>One row of a panel, in four registers.</summary>
    private struct Quad
    {
        public Vector<float> A;
        public Vector<float> B;
        public Vector<float> C;
        public Vector<float> D;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad(float* source)
        {
            A = Vector.Load(source);
            B = Vector.Load(source + Vector<float>.Count);
            C = Vector.Load(source + 2 * Vector<float>.Count);
            D = Vector.Load(source + 3 * Vector<float>.Count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            A.Store(target);
            B.Store(target + Vector<float>.Count);
            C.Store(target + 2 * Vector<float>.Count);
            D.Store(target + 3 * Vector<float>.Count);
        }
    }
}

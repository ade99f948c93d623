using System.Numerics;
using System.Runtime.CompilerServices;

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

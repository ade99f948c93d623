using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace A3.Kernels.Products;

/// <summary>A row of a panel, or a part of it, in registers.</summary>
internal unsafe interface IPanelRow<T>
    where T : struct, IPanelRow<T>
{
    /// <summary>Numbers held.</summary>
    static abstract int Columns { get; }

    static abstract T Load(float* source);

    /// <summary>sum += factor weights, fused.</summary>
    static abstract void Add(ref T sum, float factor, in T weights);

    void Store(float* target);
}

/// <summary>The kinds of registers that hold a row of a panel; all compute the same bits.</summary>
internal static unsafe class PanelRows
{
    /// <summary>Two registers of 512 bits.</summary>
    internal struct WidePair : IPanelRow<WidePair>
    {
        private Vector512<float> a;
        private Vector512<float> b;

        public static int Columns => 2 * Vector512<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WidePair Load(float* source) => new()
        {
            a = Vector512.Load(source),
            b = Vector512.Load(source + Vector512<float>.Count),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(ref WidePair sum, float factor, in WidePair weights)
        {
            var broadcast = Vector512.Create(factor);
            sum.a = Vector512.FusedMultiplyAdd(broadcast, weights.a, sum.a);
            sum.b = Vector512.FusedMultiplyAdd(broadcast, weights.b, sum.b);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            a.Store(target);
            b.Store(target + Vector512<float>.Count);
        }
    }

    /// <summary>Two registers of whatever width the machine has: half a row.</summary>
    internal struct Pair : IPanelRow<Pair>
    {
        private Vector<float> a;
        private Vector<float> b;

        public static int Columns => 2 * Vector<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Pair Load(float* source) => new()
        {
            a = Vector.Load(source),
            b = Vector.Load(source + Vector<float>.Count),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(ref Pair sum, float factor, in Pair weights)
        {
            var broadcast = Vector.Create(factor);
            sum.a = Vector.FusedMultiplyAdd(broadcast, weights.a, sum.a);
            sum.b = Vector.FusedMultiplyAdd(broadcast, weights.b, sum.b);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            a.Store(target);
            b.Store(target + Vector<float>.Count);
        }
    }

    /// <summary>Four registers of whatever width the machine has.</summary>
    internal struct Quad : IPanelRow<Quad>
    {
        private Vector<float> a;
        private Vector<float> b;
        private Vector<float> c;
        private Vector<float> d;

        public static int Columns => 4 * Vector<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Quad Load(float* source) => new()
        {
            a = Vector.Load(source),
            b = Vector.Load(source + Vector<float>.Count),
            c = Vector.Load(source + 2 * Vector<float>.Count),
            d = Vector.Load(source + 3 * Vector<float>.Count),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(ref Quad sum, float factor, in Quad weights)
        {
            var broadcast = Vector.Create(factor);
            sum.a = Vector.FusedMultiplyAdd(broadcast, weights.a, sum.a);
            sum.b = Vector.FusedMultiplyAdd(broadcast, weights.b, sum.b);
            sum.c = Vector.FusedMultiplyAdd(broadcast, weights.c, sum.c);
            sum.d = Vector.FusedMultiplyAdd(broadcast, weights.d, sum.d);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            a.Store(target);
            b.Store(target + Vector<float>.Count);
            c.Store(target + 2 * Vector<float>.Count);
            d.Store(target + 3 * Vector<float>.Count);
        }
    }
}

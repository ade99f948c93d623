using System.Numerics;
using System.Runtime.CompilerServices;
using A3.Kernels.Simd;

namespace A3.Kernels.Rows;

/// <summary>The softmax of attention: scores of a row of queries to weights.</summary>
internal static unsafe class Softmax
{
    /// <summary>What an attention weight of 1, the largest, is summed as.</summary>
    private const int WeightUnits = 1 << 30;

    /// <summary>
    /// Turns scores into unnormalised attention weights, exp(scale (score - largest)), and returns the inverse of their sum, or
    /// 0 where no key is visible. Keys of a rank above <paramref name="limit"/> get weight 0.
    /// </summary>
    /// <remarks>
    /// Weights are summed as whole numbers of 2^-30, which no order and no hidden key in between can change (law 12), lane by
    /// lane: one float after the other would take longer than all the rest.
    /// </remarks>
    /// <param name="scores">[keys], with room for whole <see cref="Exponential.Padding"/>, rewritten.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="ranks">[keys], with as much room, or null where every key is visible.</param>
    /// <param name="limit">The highest visible rank.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float AttentionWeights(float* scores, int keys, int* ranks, int limit, float scale)
    {
        var hidden = Vector.Create(float.NegativeInfinity);
        var padded = (keys + Exponential.Padding - 1) / Exponential.Padding * Exponential.Padding;
        for (var i = keys; i < padded; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        var limits = Vector.Create(limit);
        var largest = hidden;
        for (var i = 0; i < padded; i += Vector<float>.Count)
        {
            var score = Vector.Load(scores + i);
            if (ranks != null)
            {
                score = Vector.ConditionalSelect(Vector.GreaterThan(Vector.Load(ranks + i), limits), hidden, score);
                score.Store(scores + i);
            }

            largest = Vector.Max(largest, score);
        }

        var top = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            top = MathF.Max(top, largest[lane]);
        }

        // With nothing visible, minus infinity less itself would be NaN; where something is, its score has overflowed.
        var shift = float.IsNegativeInfinity(top) && !AttendsToAny(keys, ranks, limit) ? 0f : top;
        var sum = Registers.AreWide ? Weigh<Registers.Wide>(scores, padded, shift, scale) : Weigh<Registers.Plain>(scores, padded, shift, scale);
        return sum > 0 ? (float)(WeightUnits / (double)sum) : 0f;
    }

    private static bool AttendsToAny(int keys, int* ranks, int limit) =>
        ranks == null ? keys > 0 : new ReadOnlySpan<int>(ranks, keys).ContainsAnyInRange(int.MinValue, limit);

    /// <summary>Scores to weights, exp(scale (score - largest)), and their sum in whole units.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long Weigh<T>(float* scores, int padded, float largest, float scale)
        where T : struct, IRegister<T>
    {
        var sums = default(T);
        for (var i = 0; i < padded; i += T.Count)
        {
            var weights = Exponential.Of((T.Load(scores + i) - T.All(largest)) * T.All(scale));
            weights.Store(scores + i);
            T.AddWhole(weights * T.All(WeightUnits), ref sums);
        }

        return T.SumWhole(sums);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using A3.Kernels.Simd;

namespace A3.Kernels.Rows;

/// <summary>The softmax of attention, by ranks of keys where a cache is read and by spans of keys in training, and its gradient.</summary>
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

    /// <summary>
    /// Scores of a row to weights before they are divided by their sum, e^(score - largest) within the span and 0 in the rest of its tiles;
    /// returns their sum, 0 for an empty span, and the log-sum-exp of the scores.
    /// </summary>
    public static (float Sum, float LogSumExp) SpanWeights(float* scores, Interval tiles, Interval span)
    {
        var largest = Rows.LogSumExp.Largest(new ReadOnlySpan<float>(scores + span.Start, span.Length));
        var sum = Exponentials(scores, tiles, span, largest);
        return (sum, largest + (float)Math.Log(sum));
    }

    /// <summary>Scores of a row to probabilities, by their log-sum-exp.</summary>
    public static void SpanProbabilities(float* scores, Interval tiles, Interval span, float logSumExp) =>
        _ = Exponentials(scores, tiles, span, logSumExp);

    /// <summary>
    /// The softmax gradient of a tile: of probabilities p and the gradient g towards them, that towards the scores, p (g - sum p g), in place
    /// of g.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(float* probabilities, float* gradient, Interval tile)
    {
        var sum = Vector<float>.Zero;
        for (var index = tile.Start; index < tile.End; index += Vector<float>.Count)
        {
            sum = Vector.FusedMultiplyAdd(Vector.Load(probabilities + index), Vector.Load(gradient + index), sum);
        }

        var mean = Vector.Create(Vector.Sum(sum));
        for (var index = tile.Start; index < tile.End; index += Vector<float>.Count)
        {
            (Vector.Load(probabilities + index) * (Vector.Load(gradient + index) - mean)).Store(gradient + index);
        }
    }

    /// <summary>e^(score - shift) within the span and 0 in the rest of its tiles; returns the sum.</summary>
    private static float Exponentials(float* scores, Interval tiles, Interval span, float shift)
    {
        if (span.IsEmpty)
        {
            new Span<float>(scores + tiles.Start, tiles.Length).Clear();
            return 0;
        }

        new Span<float>(scores + tiles.Start, span.Start - tiles.Start).Fill(float.NegativeInfinity);
        new Span<float>(scores + span.End, tiles.End - span.End).Fill(float.NegativeInfinity);
        return Registers.AreWide
            ? Exponentials<Registers.Wide>(scores, tiles, shift)
            : Exponentials<Registers.Plain>(scores, tiles, shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Exponentials<T>(float* scores, Interval tiles, float shift)
        where T : struct, IRegister<T>
    {
        var sum = default(T);
        for (var index = tiles.Start; index < tiles.End; index += T.Count)
        {
            var terms = Exponential.Of(T.Load(scores + index) - T.All(shift));
            terms.Store(scores + index);
            sum += terms;
        }

        return T.Sum(sum);
    }
}

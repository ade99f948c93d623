using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace A3.Runtime;

/// <summary>
/// Softmax of float32 logits and its logarithm; every reported log-probability comes from here. Exponentials are float32, which
/// costs a log-probability about 1e-7; their sums are float64.
/// </summary>
internal static class LogSoftmax
{
    /// <summary>Tokens whose exponentials are summed together, a multiple of any vector's numbers.</summary>
    public const int BlockTokens = 128;

    /// <summary>The tokens of some blocks.</summary>
    public static Range TokensOf(int first, int end, int vocabulary) => (first * BlockTokens)..Math.Min(end * BlockTokens, vocabulary);

    /// <summary>log p(token) under the model itself: temperature 1, nothing cut.</summary>
    public static double Of(ReadOnlySpan<float> logits, int token)
    {
        var max = Max(logits);
        return (double)logits[token] - max - Math.Log(Exponentials(logits, max, 1, [], []));
    }

    /// <summary>
    /// exp((logit - max) / temperature) of each token into <paramref name="weights"/>, their sum over each block into
    /// <paramref name="sums"/> (or nowhere, where empty), and the sum of all.
    /// </summary>
    public static double Exponentials(
        ReadOnlySpan<float> logits, float max, double temperature, Span<float> weights, Span<double> sums)
    {
        // Finite, so that the largest logit keeps weight 1, and above 0, so that minus infinity keeps weight 0.
        var factor = (float)Math.Clamp(1 / temperature, float.Epsilon, float.MaxValue);
        var total = 0.0;

        for (var first = 0; first < logits.Length; first += BlockTokens)
        {
            var tokens = Math.Min(BlockTokens, logits.Length - first);
            var sum = Block(
                logits.Slice(first, tokens), max, factor, weights.IsEmpty ? default : weights.Slice(first, tokens));
            total += sum;

            if (!sums.IsEmpty)
            {
                sums[first / BlockTokens] = sum;
            }
        }

        return total;
    }

    /// <summary>The largest logit.</summary>
    /// <exception cref="InvalidOperationException">It is not finite, or some logit is not a number.</exception>
    public static float Max(ReadOnlySpan<float> logits) => Finite(Largest(logits), logits.Length);

    /// <summary>The largest of some logits; one that is not a number is larger than all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Largest(ReadOnlySpan<float> logits)
    {
        var start = new Vector<float>(float.NegativeInfinity);
        var (a, b, c, d) = (start, start, start, start);
        ref var source = ref MemoryMarshal.GetReference(logits);
        var width = Vector<float>.Count;
        var token = 0;

        // Four chains, because each waits for itself. Vector.Max and MathF.Max both hand a NaN on, so one check at the end sees it.
        for (; token <= logits.Length - 4 * width; token += 4 * width)
        {
            a = Vector.Max(a, Vector.LoadUnsafe(ref source, (nuint)token));
            b = Vector.Max(b, Vector.LoadUnsafe(ref source, (nuint)(token + width)));
            c = Vector.Max(c, Vector.LoadUnsafe(ref source, (nuint)(token + 2 * width)));
            d = Vector.Max(d, Vector.LoadUnsafe(ref source, (nuint)(token + 3 * width)));
        }

        var lanes = Vector.Max(Vector.Max(a, b), Vector.Max(c, d));
        var max = float.NegativeInfinity;

        for (var lane = 0; lane < width; lane++)
        {
            max = MathF.Max(max, lanes[lane]);
        }

        for (; token < logits.Length; token++)
        {
            max = MathF.Max(max, logits[token]);
        }

        return max;
    }

    /// <summary>The largest of so many logits.</summary>
    /// <exception cref="InvalidOperationException">It is not finite.</exception>
    public static float Finite(float max, int logits) => float.IsFinite(max)
        ? max
        : throw new InvalidOperationException(
            $"The largest of {logits} logits is {max}, but it must be finite: the weights are damaged or overflow their number format.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Block(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        ref var source = ref MemoryMarshal.GetReference(logits);
        ref var target = ref MemoryMarshal.GetReference(weights);
        var (lows, highs) = (Vector<double>.Zero, Vector<double>.Zero);
        var token = 0;

        for (; token <= logits.Length - Vector<float>.Count; token += Vector<float>.Count)
        {
            var exponentials = Exponentials(Vector.LoadUnsafe(ref source, (nuint)token), max, factor);
            Vector.Widen(exponentials, out var low, out var high);
            lows += low;
            highs += high;

            if (!weights.IsEmpty)
            {
                exponentials.StoreUnsafe(ref target, (nuint)token);
            }
        }

        var sum = Vector.Sum(lows + highs);

        for (; token < logits.Length; token++)
        {
            var exponential = Exponentials(Vector.Create(logits[token]), max, factor)[0];
            sum += exponential;

            if (!weights.IsEmpty)
            {
                weights[token] = exponential;
            }
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exponentials(Vector<float> logits, float max, float factor) =>
        RowMath.Exp((logits - Vector.Create(max)) * Vector.Create(factor));
}

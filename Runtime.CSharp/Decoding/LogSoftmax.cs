using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace A3.Runtime;

/// <summary>
/// Softmax and its logarithm in float64 of float32 logits; every reported log-probability comes from here.
/// </summary>
internal static class LogSoftmax
{
    /// <summary>log p(token) under the model itself: temperature 1, nothing cut.</summary>
    public static double Of(ReadOnlySpan<float> logits, int token)
    {
        var max = Max(logits);
        return (double)logits[token] - max - Math.Log(Exponentials(logits, max, 1, []));
    }

    /// <summary>
    /// exp((logit - max) / temperature) of each token into <paramref name="weights"/> (or nowhere, when empty), and
    /// their sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Exponentials(ReadOnlySpan<float> logits, float max, double temperature, Span<double> weights)
    {
        var sums = Vector<double>.Zero;
        var shift = new Vector<double>(max);
        var factor = 1 / temperature;
        var token = 0;

        ref var source = ref MemoryMarshal.GetReference(logits);
        ref var target = ref MemoryMarshal.GetReference(weights);

        for (; token <= logits.Length - Vector<float>.Count; token += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref source, (nuint)token), out var low, out var high);
            low = Exponential.Of((low - shift) * factor);
            high = Exponential.Of((high - shift) * factor);
            sums += low + high;

            if (!weights.IsEmpty)
            {
                low.StoreUnsafe(ref target, (nuint)token);
                high.StoreUnsafe(ref target, (nuint)(token + Vector<double>.Count));
            }
        }

        var sum = Vector.Sum(sums);

        for (; token < logits.Length; token++)
        {
            var weight = Math.Exp(((double)logits[token] - max) * factor);
            sum += weight;

            if (!weights.IsEmpty)
            {
                weights[token] = weight;
            }
        }

        return sum;
    }

    /// <summary>The largest logit.</summary>
    /// <exception cref="InvalidOperationException">It is not finite, or some logit is not a number.</exception>
    public static float Max(ReadOnlySpan<float> logits)
    {
        var lanes = new Vector<float>(float.NegativeInfinity);
        var token = 0;

        // Vector.Max and MathF.Max both hand a NaN on, so one check at the end sees it.
        for (; token <= logits.Length - Vector<float>.Count; token += Vector<float>.Count)
        {
            lanes = Vector.Max(lanes, new Vector<float>(logits[token..]));
        }

        var max = float.NegativeInfinity;

        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            max = MathF.Max(max, lanes[lane]);
        }

        for (; token < logits.Length; token++)
        {
            max = MathF.Max(max, logits[token]);
        }

        return float.IsFinite(max)
            ? max
            : throw new InvalidOperationException(
                $"The largest of {logits.Length} logits is {max}, but it must be finite: the weights are damaged or "
                + "overflow their number format.");
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using A3.Kernels.Simd;

namespace A3.Kernels.Rows;

/// <summary>Largest numbers of rows of logits and sums of exponentials, by blocks: float32 exponentials, float64 sums.</summary>
internal static unsafe class LogSumExp
{
    /// <summary>Numbers whose exponentials are summed together, a multiple of any vector's numbers.</summary>
    public const int BlockNumbers = 128;

    /// <summary>
    /// The largest logit of a block, and the sum of exp(factor (logit - largest)), 0 where all are minus infinity; neither is a number
    /// where some logit is not.
    /// </summary>
    public static (float Max, double Sum) Block(ReadOnlySpan<float> logits, float factor)
    {
        var max = Largest(logits);
        return (max, float.IsNegativeInfinity(max) ? 0 : Block(logits, max, factor, []));
    }

    /// <summary>
    /// exp(factor (logit - max)) of each token into <paramref name="weights"/>, and the sum of all.
    /// </summary>
    public static double Exponentials(
        ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        var total = 0.0;

        for (var first = 0; first < logits.Length; first += BlockNumbers)
        {
            var tokens = Math.Min(BlockNumbers, logits.Length - first);
            total += Block(logits.Slice(first, tokens), max, factor, weights.Slice(first, tokens));
        }

        return total;
    }

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

    /// <summary>exp(factor (logit - max)) of each token into <paramref name="weights"/>, where not empty, and their sum.</summary>
    private static double Block(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        var whole = logits.Length / Exponential.Padding * Exponential.Padding;
        var sum = Whole(logits[..whole], max, factor, weights.IsEmpty ? weights : weights[..whole]);
        return whole == logits.Length ? sum : sum + Rest(logits[whole..], max, factor, weights.IsEmpty ? weights : weights[whole..]);
    }

    /// <summary>Tokens that do not fill a register.</summary>
    private static double Rest(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        Span<float> padded = stackalloc float[Exponential.Padding];
        padded.Fill(float.NegativeInfinity);
        logits.CopyTo(padded);
        var sum = Whole(padded, max, factor, padded);
        if (!weights.IsEmpty)
        {
            padded[..logits.Length].CopyTo(weights);
        }

        return sum;
    }

    private static double Whole(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        fixed (float* source = logits, target = weights)
        {
            return Registers.AreWide
                ? Whole<Registers.Wide>(source, logits.Length, max, factor, target)
                : Whole<Registers.Plain>(source, logits.Length, max, factor, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Whole<T>(float* logits, int count, float max, float factor, float* weights)
        where T : struct, IRegister<T>
    {
        var (low, high) = (default(T), default(T));

        for (var token = 0; token < count; token += T.Count)
        {
            var exponentials = Exponential.Of((T.Load(logits + token) - T.All(max)) * T.All(factor));
            T.AddWide(exponentials, ref low, ref high);

            if (weights != null)
            {
                exponentials.Store(weights + token);
            }
        }

        return T.SumWide(low, high);
    }
}

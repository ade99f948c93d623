using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using A3.Runtime.Networks.Managed;

namespace A3.Runtime.Sampling;

/// <summary>
/// Softmax of float32 logits and its logarithm; every reported log-probability comes from here. Exponentials are float32, which
/// costs a log-probability about 1e-7; their sums are float64.
/// </summary>
internal static class LogSoftmax
{
    /// <summary>Tokens whose exponentials are summed together, a multiple of any vector's numbers.</summary>
    public const int BlockTokens = 128;

    private static readonly SamplingOptions Uncut = new();

    /// <summary>The tokens of some blocks.</summary>
    public static Range TokensOf(int first, int end, int vocabulary) => (first * BlockTokens)..Math.Min(end * BlockTokens, vocabulary);

    /// <summary>How many blocks a vocabulary has.</summary>
    public static int BlocksOf(int vocabulary) => (vocabulary + BlockTokens - 1) / BlockTokens;

    /// <summary>log p(token) under the model itself: temperature 1, nothing cut. By blocks, as <see cref="BlockSums"/> has it, bit for bit.</summary>
    public static double Of(ReadOnlySpan<float> logits, int token)
    {
        var sums = new BlockSums(logits.Length);
        sums.Renew(1);
        sums.Add(0, 0, BlocksOf(logits.Length), logits, 1);
        return sums.LogProbability(0, logits[token]);
    }

    /// <summary>What logits are multiplied by at a temperature.</summary>
    public static float Factor(double temperature) =>
        // Finite, so that the largest logit keeps weight 1, and above 0, so that minus infinity keeps weight 0.
        (float)Math.Clamp(1 / temperature, float.Epsilon, float.MaxValue);

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

        for (var first = 0; first < logits.Length; first += BlockTokens)
        {
            var tokens = Math.Min(BlockTokens, logits.Length - first);
            total += Block(logits.Slice(first, tokens), max, factor, weights.Slice(first, tokens));
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

    /// <summary>The largest logit of the allowed tokens, null for all; minus infinity for none.</summary>
    public static float Largest(ReadOnlySpan<float> logits, TokenSet? allowed)
    {
        if (allowed is null)
        {
            return Largest(logits);
        }

        Span<float> masked = stackalloc float[BlockTokens];
        var max = float.NegativeInfinity;

        for (var block = 0; block < BlocksOf(logits.Length); block++)
        {
            var tokens = TokensOf(block, block + 1, logits.Length);
            var some = masked[..logits[tokens].Length];

            if (allowed.IsPartial(block))
            {
                allowed.Mask(logits[tokens], tokens.Start.Value, some);
                max = MathF.Max(max, Largest(some));
            }
            else
            {
                max = MathF.Max(max, Largest(logits[tokens]));
            }
        }

        return max;
    }

    /// <summary>The lowest allowed token, null for any, with a logit.</summary>
    public static int First(ReadOnlySpan<float> logits, float logit, TokenSet? allowed)
    {
        var token = logits.IndexOf(logit);

        while (allowed?.Contains(token) == false)
        {
            token += 1 + logits[(token + 1)..].IndexOf(logit);
        }

        return token;
    }

    /// <summary>log p of some tokens together under the model itself.</summary>
    public static double Mass(ReadOnlySpan<float> logits, TokenSet tokens)
    {
        var distribution = new SamplingDistribution(logits.Length);
        distribution.Load(logits, Uncut, tokens);
        var likeliest = First(logits, Largest(logits, tokens), tokens);
        return Of(logits, likeliest) - Math.Log(distribution.Probability(likeliest));
    }

    /// <summary>The largest of so many logits.</summary>
    /// <exception cref="InvalidOperationException">It is not finite.</exception>
    public static float Finite(float max, int logits) => float.IsFinite(max)
        ? max
        : throw new InvalidOperationException(
            $"The largest of {logits} logits is {max}, but it must be finite: the weights are damaged or overflow their number format.");

    /// <summary>exp(factor (logit - max)) of each token into <paramref name="weights"/>, where not empty, and their sum.</summary>
    private static double Block(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        var whole = logits.Length / RowMath.Padding * RowMath.Padding;
        var sum = Whole(logits[..whole], max, factor, weights.IsEmpty ? weights : weights[..whole]);
        return whole == logits.Length ? sum : sum + Rest(logits[whole..], max, factor, weights.IsEmpty ? weights : weights[whole..]);
    }

    /// <summary>Tokens that do not fill a register.</summary>
    private static double Rest(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        Span<float> padded = stackalloc float[RowMath.Padding];
        padded.Fill(float.NegativeInfinity);
        logits.CopyTo(padded);
        var sum = Whole(padded, max, factor, padded);
        if (!weights.IsEmpty)
        {
            padded[..logits.Length].CopyTo(weights);
        }

        return sum;
    }

    private static unsafe double Whole(ReadOnlySpan<float> logits, float max, float factor, Span<float> weights)
    {
        fixed (float* source = logits, target = weights)
        {
            return Registers.AreWide
                ? Whole<Registers.Wide>(source, logits.Length, max, factor, target)
                : Whole<Registers.Plain>(source, logits.Length, max, factor, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe double Whole<T>(float* logits, int count, float max, float factor, float* weights)
        where T : struct, IRegister<T>
    {
        var (low, high) = (default(T), default(T));

        for (var token = 0; token < count; token += T.Count)
        {
            var exponentials = RowMath.Exp((T.Load(logits + token) - T.All(max)) * T.All(factor));
            T.AddWide(exponentials, ref low, ref high);

            if (weights != null)
            {
                exponentials.Store(weights + token);
            }
        }

        return T.SumWide(low, high);
    }
}

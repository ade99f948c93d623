using A3.Kernels.Rows;

namespace A3.Runtime.Sampling;

/// <summary>
/// Softmax of float32 logits and its logarithm; every reported log-probability comes from here. Exponentials are float32, which
/// costs a log-probability about 1e-7; their sums are float64.
/// </summary>
internal static class LogSoftmax
{
    private static readonly SamplingOptions Uncut = new();

    /// <summary>The tokens of some blocks.</summary>
    public static Range TokensOf(int first, int end, int vocabulary) =>
        (first * LogSumExp.BlockNumbers)..Math.Min(end * LogSumExp.BlockNumbers, vocabulary);

    /// <summary>How many blocks a vocabulary has.</summary>
    public static int BlocksOf(int vocabulary) => (vocabulary + LogSumExp.BlockNumbers - 1) / LogSumExp.BlockNumbers;

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

    /// <summary>The largest logit.</summary>
    /// <exception cref="InvalidOperationException">It is not finite, or some logit is not a number.</exception>
    public static float Max(ReadOnlySpan<float> logits) => Finite(LogSumExp.Largest(logits), logits.Length);

    /// <summary>The largest logit of the allowed tokens, null for all; minus infinity for none.</summary>
    public static float Largest(ReadOnlySpan<float> logits, TokenSet? allowed)
    {
        if (allowed is null)
        {
            return LogSumExp.Largest(logits);
        }

        Span<float> masked = stackalloc float[LogSumExp.BlockNumbers];
        var max = float.NegativeInfinity;

        for (var block = 0; block < BlocksOf(logits.Length); block++)
        {
            var tokens = TokensOf(block, block + 1, logits.Length);
            var some = masked[..logits[tokens].Length];

            if (allowed.IsPartial(block))
            {
                allowed.Mask(logits[tokens], tokens.Start.Value, some);
                max = MathF.Max(max, LogSumExp.Largest(some));
            }
            else
            {
                max = MathF.Max(max, LogSumExp.Largest(logits[tokens]));
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
}

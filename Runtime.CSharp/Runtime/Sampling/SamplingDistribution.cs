using System.Numerics;
using A3.Kernels.Rows;

namespace A3.Runtime.Sampling;

/// <summary>
/// What is sampled from: softmax(logits / temperature), cut to the top k, then to the top p, renormalised. Holds one
/// distribution at a time; not thread-safe.
/// </summary>
/// <remarks>
/// Weights are kept as they are, with the sums of blocks of them: a draw needs no more. Where nothing is cut it needs no weights either, and
/// <see cref="BlockSums"/> draws.
/// </remarks>
internal sealed class SamplingDistribution(int vocabulary)
{
    private readonly float[] weights = new float[vocabulary];
    private readonly double[] sums = new double[LogSoftmax.BlocksOf(vocabulary)];
    private TopTokens? heaviest;
    private double[] probabilities = [];
    private bool hasProbabilities;
    private double total;

    /// <summary>[vocabulary], sums to 1; exactly 0 for tokens that were cut. Computed when it is asked for.</summary>
    public ReadOnlySpan<double> Probabilities
    {
        get
        {
            if (!hasProbabilities)
            {
                Normalise();
            }

            return probabilities;
        }
    }

    /// <summary>One of <see cref="Probabilities"/>, without the others.</summary>
    public double Probability(int token) => weights[token] * (1 / total);

    /// <summary>Replaces the distribution by that of new logits over the allowed tokens, null for all.</summary>
    public void Load(ReadOnlySpan<float> logits, SamplingOptions options, TokenSet? allowed = null)
    {
        var max = LogSoftmax.Finite(LogSoftmax.Largest(logits, allowed), vocabulary);

        if (options.Temperature == 0)
        {
            hasProbabilities = false;
            Take(LogSoftmax.First(logits, max, allowed));
            return;
        }

        LoadBlocks(logits, max, options.Temperature, 0, sums.Length, allowed);
        Complete(options);
    }

    /// <summary>
    /// Some blocks of <see cref="LogSumExp.BlockNumbers"/> tokens of the distribution of new logits over the allowed tokens, whose largest is
    /// given, at a temperature above 0; several threads may load blocks of their own. Once all are loaded, <see cref="Complete"/> makes it
    /// what <see cref="Load"/> does, bit for bit.
    /// </summary>
    public void LoadBlocks(
        ReadOnlySpan<float> logits, float max, double temperature, int first, int end, TokenSet? allowed = null)
    {
        var factor = LogSoftmax.Factor(temperature);
        for (var block = first; block < end; block++)
        {
            var tokens = LogSoftmax.TokensOf(block, block + 1, vocabulary);
            var some = logits[tokens];
            var target = weights.AsSpan(tokens);

            if (allowed?.IsPartial(block) == true)
            {
                allowed.Mask(some, tokens.Start.Value, target);
                some = target;
            }

            sums[block] = LogSumExp.Exponentials(some, max, factor, target);
        }
    }

    /// <summary>The distribution of the blocks that were loaded.</summary>
    public void Complete(SamplingOptions options)
    {
        (hasProbabilities, total) = (false, sums.Sum());
        Cut(options);
    }

    /// <summary>
    /// The token at which the cumulative distribution, by token id, passes <paramref name="uniform"/> in [0, 1).
    /// </summary>
    public int Draw(double uniform)
    {
        var (block, rest) = BlockAt(uniform);
        var first = block * LogSumExp.BlockNumbers;
        var token = Walk<float>(weights.AsSpan(first), rest);
        return token >= 0 ? first + token : Last<float>(weights);
    }

    /// <summary>
    /// As <see cref="Draw(double)"/>, of weights of any sum, for <paramref name="uniform"/> in [0, sum).
    /// </summary>
    public static int Draw(ReadOnlySpan<double> weights, double uniform)
    {
        var token = Walk(weights, uniform);
        return token >= 0 ? token : Math.Max(0, Last(weights));
    }

    /// <summary>The block in which the cumulative distribution passes a number, and how far into its weights.</summary>
    private (int Block, double Left) BlockAt(double uniform)
    {
        var (block, rest) = (0, uniform * total);
        for (; block < sums.Length - 1 && rest >= sums[block]; block++)
        {
            rest -= sums[block];
        }

        return (block, rest);
    }

    /// <summary>The first token at which the sum of weights exceeds a number, or -1.</summary>
    private static int Walk<T>(ReadOnlySpan<T> weights, double number)
        where T : struct, INumber<T>
    {
        for (var token = 0; token < weights.Length; token++)
        {
            number -= double.CreateChecked(weights[token]);

            if (number < 0 && weights[token] > T.Zero)
            {
                return token;
            }
        }

        return -1;
    }

    /// <summary>The last token with any weight, for sums that rounding made a little less than the number drawn.</summary>
    private static int Last<T>(ReadOnlySpan<T> weights)
        where T : struct, INumber<T> => weights.LastIndexOfAnyExcept(T.Zero);

    private void Normalise()
    {
        if (probabilities.Length == 0)
        {
            probabilities = new double[vocabulary];
        }

        var scale = 1 / total;
        for (var token = 0; token < probabilities.Length; token++)
        {
            probabilities[token] = weights[token] * scale;
        }

        hasProbabilities = true;
    }

    /// <summary>One token is certain.</summary>
    private void Take(int token)
    {
        Array.Clear(weights);
        weights[token] = 1;
        Sum();
    }

    private void Cut(SamplingOptions options)
    {
        if (options.TopK is int count && count < weights.Length)
        {
            (heaviest ??= new()).Keep(weights, count);
        }

        if (options.TopP < 1)
        {
            (heaviest ??= new()).KeepMass(weights, options.TopP);
        }

        if (options is not { TopK: null, TopP: 1 })
        {
            Sum();
        }
    }

    /// <summary>Sums the weights anew, block by block.</summary>
    private void Sum()
    {
        total = 0;

        for (var block = 0; block < sums.Length; block++)
        {
            var first = block * LogSumExp.BlockNumbers;
            sums[block] = 0;

            foreach (var weight in weights.AsSpan(first, Math.Min(LogSumExp.BlockNumbers, weights.Length - first)))
            {
                sums[block] += weight;
            }

            total += sums[block];
        }
    }

    /// <summary>What an adaptive policy goes by; nothing is cut. The distribution held is gone where some tokens are not allowed.</summary>
    public Model.Score Assess(int position, ReadOnlySpan<float> logits, TokenSet? allowed)
    {
        if (allowed is null)
        {
            return ConfidenceStatistics.Of(position, logits);
        }

        hasProbabilities = false;
        logits.CopyTo(weights);

        for (var block = 0; block < sums.Length; block++)
        {
            if (allowed.IsPartial(block))
            {
                var tokens = LogSoftmax.TokensOf(block, block + 1, vocabulary);
                allowed.Mask(logits[tokens], tokens.Start.Value, weights.AsSpan(tokens));
            }
        }

        return ConfidenceStatistics.Of(position, weights);
    }
}

using System.Numerics;

namespace A3.Runtime;

/// <summary>
/// What is sampled from: softmax(logits / temperature), cut to the top k, then to the top p, renormalised. Holds one
/// distribution at a time; not thread-safe.
/// </summary>
/// <remarks>
/// Weights are kept as they are, with the sums of blocks of them: a draw needs no more. Where nothing is cut it needs the sums, and the
/// weights of one block.
/// </remarks>
internal sealed class SamplingDistribution(int vocabulary)
{
    private readonly float[] weights = new float[vocabulary];
    private readonly double[] sums = new double[(vocabulary + LogSoftmax.BlockTokens - 1) / LogSoftmax.BlockTokens];
    private readonly HeaviestTokens heaviest = new();
    private float[] biased = [];
    private double[] probabilities = [];
    private bool hasProbabilities;
    private double total;
    private (float Max, double Log)? logNormaliser;

    /// <summary>The largest logit and the temperature where sums were kept only; null where weights were too.</summary>
    private (float Max, double Temperature)? sumsOnly;

    /// <summary>[vocabulary], sums to 1; exactly 0 for tokens that were cut. Computed when it is asked for.</summary>
    public ReadOnlySpan<double> Probabilities
    {
        get
        {
            if (sumsOnly is not null)
            {
                throw new InvalidOperationException("the weights of this distribution were not kept, only their sums.");
            }

            if (!hasProbabilities)
            {
                Normalise();
            }

            return probabilities;
        }
    }

    /// <summary>One of <see cref="Probabilities"/>, without the others; where only sums were kept, that of the token drawn last.</summary>
    public double Probability(int token) => weights[token] * (1 / total);

    /// <summary>Replaces the distribution by that of new logits plus a bias, null for none.</summary>
    public void Load(ReadOnlySpan<float> logits, SamplingOptions options, float[]? bias = null)
    {
        logits = Biased(logits, bias);
        var max = LogSoftmax.Max(logits);
        (logNormaliser, hasProbabilities, sumsOnly) = (null, false, null);

        if (options.Temperature == 0)
        {
            Take(logits.IndexOf(max));
            return;
        }

        LoadBlocks(logits, max, options.Temperature, 0, sums.Length, withWeights: true);
        Complete(max, options, withWeights: true, bias);
    }

    /// <summary>Blocks of <see cref="LogSoftmax.BlockTokens"/> tokens.</summary>
    public int Blocks => sums.Length;

    /// <summary>
    /// Some blocks of the distribution of new logits, whose largest is given, at a temperature above 0; several threads may load blocks of
    /// their own. Once all are loaded, <see cref="Complete"/> makes it what <see cref="Load"/> does, bit for bit. Without weights only
    /// sums are kept, enough to draw a token where nothing is cut: groups of 4 of a 15M network ran at 2,769 to 3,051 tokens/s so, at
    /// 2,319 to 2,862 with weights, three runs of each in turn.
    /// </summary>
    public void LoadBlocks(ReadOnlySpan<float> logits, float max, double temperature, int first, int end, bool withWeights)
    {
        var tokens = LogSoftmax.TokensOf(first, end, vocabulary);
        LogSoftmax.Exponentials(logits[tokens], max, temperature, withWeights ? weights.AsSpan(tokens) : default, sums.AsSpan(first..end));
    }

    /// <summary>The distribution of the blocks that were loaded, all with weights or all without.</summary>
    public void Complete(float max, SamplingOptions options, bool withWeights, float[]? bias = null)
    {
        (logNormaliser, hasProbabilities, total) = (null, false, 0);
        sumsOnly = withWeights ? null : (max, options.Temperature);
        foreach (var sum in sums)
        {
            total += sum;
        }

        if (options.Temperature == 1 && bias is null)
        {
            logNormaliser = (max, Math.Log(total));
        }

        Cut(options);
    }

    /// <summary>What <see cref="LogSoftmax.Of"/> gives for a token of the logits loaded, bit for bit; at temperature 1 it is known.</summary>
    public double LogProbability(ReadOnlySpan<float> logits, int token) =>
        logNormaliser is var (max, log) ? (double)logits[token] - max - log : LogSoftmax.Of(logits, token);

    /// <summary>
    /// The token at which the cumulative distribution, by token id, passes <paramref name="uniform"/> in [0, 1).
    /// </summary>
    public int Draw(double uniform)
    {
        var (block, rest) = BlockAt(uniform);
        var first = block * LogSoftmax.BlockTokens;
        var token = Walk<float>(weights.AsSpan(first), rest);
        return token >= 0 ? first + token : Last<float>(weights);
    }

    /// <summary>
    /// As <see cref="Draw(double)"/>, from the logits that were loaded: where only sums were kept, the weights of the block that is drawn
    /// from are computed once more.
    /// </summary>
    public int Draw(double uniform, ReadOnlySpan<float> logits)
    {
        if (sumsOnly is not var (max, temperature))
        {
            return Draw(uniform);
        }

        var (block, rest) = BlockAt(uniform);
        LoadBlocks(logits, max, temperature, block, block + 1, withWeights: true);
        var tokens = LogSoftmax.TokensOf(block, block + 1, vocabulary);
        var token = Walk<float>(weights.AsSpan(tokens), rest);
        if (token >= 0)
        {
            return tokens.Start.Value + token;
        }

        // Rounding left a little over.
        LoadBlocks(logits, max, temperature, 0, sums.Length, withWeights: true);
        sumsOnly = null;
        return Draw(uniform);
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
            heaviest.Keep(weights, count);
        }

        if (options.TopP < 1)
        {
            heaviest.KeepMass(weights, options.TopP);
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
            var first = block * LogSoftmax.BlockTokens;
            sums[block] = 0;

            foreach (var weight in weights.AsSpan(first, Math.Min(LogSoftmax.BlockTokens, weights.Length - first)))
            {
                sums[block] += weight;
            }

            total += sums[block];
        }
    }

    /// <summary>What an adaptive policy goes by; nothing is cut. The distribution held is lost.</summary>
    public Model.Score Assess(int position, ReadOnlySpan<float> logits, float[]? bias) =>
        Prospects.Of(position, Biased(logits, bias), weights);

    private ReadOnlySpan<float> Biased(ReadOnlySpan<float> logits, float[]? bias)
    {
        if (bias is null)
        {
            return logits;
        }

        if (biased.Length == 0)
        {
            biased = new float[vocabulary];
        }

        var token = 0;

        for (; token <= logits.Length - Vector<float>.Count; token += Vector<float>.Count)
        {
            (new Vector<float>(logits[token..]) + new Vector<float>(bias, token)).CopyTo(biased, token);
        }

        for (; token < logits.Length; token++)
        {
            biased[token] = logits[token] + bias[token];
        }

        return biased;
    }
}

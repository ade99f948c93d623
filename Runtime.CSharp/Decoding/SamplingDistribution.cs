using System.Numerics;
using System.Runtime.InteropServices;

namespace A3.Runtime;

/// <summary>
/// What is sampled from: softmax(logits / temperature), cut to the top k, then to the top p, renormalised. Holds one
/// distribution at a time; not thread-safe.
/// </summary>
internal sealed class SamplingDistribution(int vocabulary)
{
    /// <summary>Tokens that a draw passes over at once.</summary>
    private const int BlockTokens = 64;

    private readonly double[] probabilities = new double[vocabulary];
    private readonly HeaviestTokens heaviest = new();
    private float[] biased = [];
    private (float Max, double Log)? logNormaliser;

    /// <summary>[vocabulary], sums to 1; exactly 0 for tokens that were cut.</summary>
    public ReadOnlySpan<double> Probabilities => probabilities;

    /// <summary>Replaces the distribution by that of new logits plus a bias, null for none.</summary>
    public void Load(ReadOnlySpan<float> logits, SamplingOptions options, float[]? bias = null)
    {
        logits = Biased(logits, bias);
        var max = LogSoftmax.Max(logits);
        logNormaliser = null;

        if (options.Temperature == 0)
        {
            Array.Clear(probabilities);
            probabilities[logits.IndexOf(max)] = 1;
            return;
        }

        var sum = LogSoftmax.Exponentials(logits, max, options.Temperature, probabilities);

        if (options.Temperature == 1 && bias is null)
        {
            logNormaliser = (max, Math.Log(sum));
        }

        if (options.TopK is int count && count < probabilities.Length)
        {
            heaviest.Keep(probabilities, count);
        }

        if (options.TopP < 1)
        {
            heaviest.KeepMass(probabilities, options.TopP);
        }

        Scale(1 / (options is { TopK: null, TopP: 1 } ? sum : probabilities.Sum()));
    }

    /// <summary>What <see cref="LogSoftmax.Of"/> gives for a token of the logits loaded, bit for bit; at temperature 1 it is known.</summary>
    public double LogProbability(ReadOnlySpan<float> logits, int token) =>
        logNormaliser is var (max, log) ? (double)logits[token] - max - log : LogSoftmax.Of(logits, token);

    /// <summary>
    /// The token at which the cumulative distribution, by token id, passes <paramref name="uniform"/> in [0, 1).
    /// </summary>
    public int Draw(double uniform) => Draw(probabilities, uniform);

    /// <summary>
    /// As <see cref="Draw(double)"/>, of weights of any sum, for <paramref name="uniform"/> in [0, sum).
    /// </summary>
    public static int Draw(ReadOnlySpan<double> weights, double uniform)
    {
        var token = 0;

        for (; token <= weights.Length - BlockTokens; token += BlockTokens)
        {
            var block = Sum(weights.Slice(token, BlockTokens));

            if (uniform < block)
            {
                break;
            }

            uniform -= block;
        }

        for (; token < weights.Length; token++)
        {
            uniform -= weights[token];

            if (uniform < 0 && weights[token] > 0)
            {
                return token;
            }
        }

        // Rounding: the weights sum to a little less than the number drawn.
        return Math.Max(0, weights.LastIndexOfAnyExcept(0.0));
    }

    /// <summary>The sum of a block, whose length is a multiple of any vector's.</summary>
    private static double Sum(ReadOnlySpan<double> weights)
    {
        var sums = Vector<double>.Zero;
        ref var first = ref MemoryMarshal.GetReference(weights);

        for (var token = 0; token < weights.Length; token += Vector<double>.Count)
        {
            sums += Vector.LoadUnsafe(ref first, (nuint)token);
        }

        return Vector.Sum(sums);
    }

    private void Scale(double factor)
    {
        var token = 0;

        for (; token <= probabilities.Length - Vector<double>.Count; token += Vector<double>.Count)
        {
            (new Vector<double>(probabilities, token) * factor).CopyTo(probabilities, token);
        }

        for (; token < probabilities.Length; token++)
        {
            probabilities[token] *= factor;
        }
    }

    /// <summary>What an adaptive policy goes by; nothing is cut. The distribution held is lost.</summary>
    public Model.Score Assess(int position, ReadOnlySpan<float> logits, float[]? bias) =>
        Prospects.Of(position, Biased(logits, bias), probabilities);

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

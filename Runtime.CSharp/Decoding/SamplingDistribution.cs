using System.Numerics;

namespace A3.Runtime;

/// <summary>
/// What is sampled from: softmax(logits / temperature), cut to the top k, then to the top p, renormalised. Holds one
/// distribution at a time; not thread-safe.
/// </summary>
internal sealed class SamplingDistribution(int vocabulary)
{
    private readonly double[] probabilities = new double[vocabulary];
    private float[] biased = [];

    /// <summary>[vocabulary], sums to 1; exactly 0 for tokens that were cut.</summary>
    public ReadOnlySpan<double> Probabilities => probabilities;

    /// <summary>Replaces the distribution by that of new logits plus a bias, null for none.</summary>
    public void Load(ReadOnlySpan<float> logits, SamplingOptions options, float[]? bias = null)
    {
        logits = Biased(logits, bias);
        var max = LogSoftmax.Max(logits);

        if (options.Temperature == 0)
        {
            Array.Clear(probabilities);
            probabilities[logits.IndexOf(max)] = 1;
            return;
        }

        LogSoftmax.Exponentials(logits, max, options.Temperature, probabilities);

        if (options.TopK is int count && count < probabilities.Length)
        {
            KeepOnly(Likeliest(count));
        }

        if (options.TopP < 1)
        {
            KeepOnly(Nucleus(options.TopP));
        }

        var sum = probabilities.Sum();

        for (var token = 0; token < probabilities.Length; token++)
        {
            probabilities[token] /= sum;
        }
    }

    /// <summary>
    /// The token at which the cumulative distribution, by token id, passes <paramref name="uniform"/> in [0, 1).
    /// </summary>
    public int Draw(double uniform) => Draw(probabilities, uniform);

    /// <summary>
    /// As <see cref="Draw(double)"/>, of weights of any sum, for <paramref name="uniform"/> in [0, sum).
    /// </summary>
    public static int Draw(ReadOnlySpan<double> weights, double uniform)
    {
        var last = 0;

        for (var token = 0; token < weights.Length && uniform >= 0; token++)
        {
            if (weights[token] > 0)
            {
                uniform -= weights[token];
                last = token;
            }
        }

        return last;
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

    /// <summary>The <paramref name="count"/> heaviest tokens; of equally heavy ones the lower ids.</summary>
    private int[] Likeliest(int count)
    {
        var best = new PriorityQueue<int, (double Weight, int LowerId)>(count);

        for (var token = 0; token < probabilities.Length; token++)
        {
            var rank = (probabilities[token], -token);

            if (best.Count < count)
            {
                best.Enqueue(token, rank);
            }
            else
            {
                best.EnqueueDequeue(token, rank);
            }
        }

        return [.. best.UnorderedItems.Select(item => item.Element)];
    }

    /// <summary>
    /// The fewest heaviest tokens that hold the share <paramref name="mass"/> of all weight; of equally heavy ones the
    /// lower ids.
    /// </summary>
    private ReadOnlySpan<int> Nucleus(double mass)
    {
        var total = probabilities.Sum();

        // Tokens below this weigh less than (1 - mass) together: the others reach the mass without them, and only those are sorted.
        var negligible = (1 - mass) * total / probabilities.Length;
        var tokens = Enumerable.Range(0, probabilities.Length).Where(token => probabilities[token] >= negligible).ToArray();
        Array.Sort(tokens, (left, right) => (probabilities[right], left).CompareTo((probabilities[left], right)));

        var held = 0.0;
        var count = 0;

        while (count < tokens.Length && held < mass * total)
        {
            held += probabilities[tokens[count++]];
        }

        return tokens.AsSpan(0, count);
    }

    private void KeepOnly(ReadOnlySpan<int> tokens)
    {
        var weights = new double[tokens.Length];

        for (var i = 0; i < tokens.Length; i++)
        {
            weights[i] = probabilities[tokens[i]];
        }

        Array.Clear(probabilities);

        for (var i = 0; i < tokens.Length; i++)
        {
            probabilities[tokens[i]] = weights[i];
        }
    }
}

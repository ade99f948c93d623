namespace A3.Runtime.Sampling;

/// <summary>
/// Keeps only the heaviest tokens of a distribution, in two walks over it: a histogram shows about where the border lies, and
/// only the few tokens near it are sorted. Holds scratch; not thread-safe.
/// </summary>
/// <remarks>Of equally heavy tokens the lower ids are kept first.</remarks>
internal sealed class TopTokens
{
    /// <summary>256 buckets for each power of two, over 64 of them; everything lighter is in the last one.</summary>
    private const int Buckets = 64 * 256;

    /// <summary>What is left of the bits of a float32: its exponent and 8 bits of its fraction.</summary>
    private const int Shift = 15;

    private static readonly int One = BitConverter.SingleToInt32Bits(1f);

    private readonly double[] sums = new double[Buckets];
    private readonly int[] counts = new int[Buckets];

    /// <summary>Sets all but the <paramref name="count"/> heaviest weights to 0.</summary>
    /// <param name="weights">[vocabulary], from 0 to 1.</param>
    /// <param name="count">At least 1.</param>
    public void Keep(Span<float> weights, int count)
    {
        Gather(weights);
        var (bucket, kept) = (0, 0);

        for (; bucket < Buckets - 1 && kept + counts[bucket] < count; bucket++)
        {
            kept += counts[bucket];
        }

        var near = Near(weights, bucket);
        Cut(weights, near[Math.Min(near.Count, count - kept) - 1]);
    }

    /// <summary>Keeps the fewest heaviest weights that reach the share <paramref name="mass"/> of all; sets the others to 0.</summary>
    /// <param name="weights">[vocabulary], from 0 to 1.</param>
    /// <param name="mass">Above 0 and below 1.</param>
    public void KeepMass(Span<float> weights, double mass)
    {
        Gather(weights);
        var target = mass * sums.Sum();
        var (bucket, held) = (0, 0.0);

        for (; bucket < Buckets - 1 && held + sums[bucket] < target; bucket++)
        {
            held += sums[bucket];
        }

        var near = Near(weights, bucket);
        var last = 0;

        while (last < near.Count - 1 && held + near[last].Weight < target)
        {
            held += near[last++].Weight;
        }

        Cut(weights, near[last]);
    }

    /// <summary>The heavier the token, the lower the bucket: the bits of positive numbers are ordered as they are.</summary>
    private static int Bucket(float weight) =>
        Math.Clamp((One - BitConverter.SingleToInt32Bits(weight)) >> Shift, 0, Buckets - 1);

    private static void Cut(Span<float> weights, (float Weight, int Token) last)
    {
        for (var token = 0; token < weights.Length; token++)
        {
            if (weights[token] < last.Weight || (weights[token] == last.Weight && token > last.Token))
            {
                weights[token] = 0;
            }
        }
    }

    private void Gather(ReadOnlySpan<float> weights)
    {
        Array.Clear(sums);
        Array.Clear(counts);

        foreach (var weight in weights)
        {
            var bucket = Bucket(weight);
            sums[bucket] += weight;
            counts[bucket]++;
        }
    }

    /// <summary>The tokens of a bucket, or of the last one before it that has any; the heaviest first.</summary>
    private List<(float Weight, int Token)> Near(ReadOnlySpan<float> weights, int bucket)
    {
        while (counts[bucket] == 0)
        {
            bucket--;
        }

        var near = new List<(float Weight, int Token)>(counts[bucket]);

        for (var token = 0; token < weights.Length; token++)
        {
            if (Bucket(weights[token]) == bucket)
            {
                near.Add((weights[token], token));
            }
        }

        near.Sort((left, right) => (right.Weight, left.Token).CompareTo((left.Weight, right.Token)));
        return near;
    }
}

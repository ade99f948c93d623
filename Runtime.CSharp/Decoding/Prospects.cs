namespace A3.Runtime;

using A3.Model;

/// <summary>Reads what an adaptive policy goes by from a row of logits.</summary>
internal static class Prospects
{
    /// <summary>
    /// Confidence, entropy and margin of the model's distribution at an open position; <paramref name="weights"/> is
    /// scratch, [vocabulary].
    /// </summary>
    public static Score Of(int position, ReadOnlySpan<float> logits, Span<float> weights)
    {
        var max = LogSoftmax.Max(logits);
        var sum = LogSoftmax.Exponentials(logits, max, 1, weights);
        var (best, next, energy) = (0.0, 0.0, 0.0);

        for (var token = 0; token < logits.Length; token++)
        {
            double weight = weights[token];

            if (weight > best)
            {
                (best, next) = (weight, best);
            }
            else if (weight > next)
            {
                next = weight;
            }

            // A forbidden token has weight 0 and logit -infinity; their product has the limit 0.
            energy += weight > 0 ? weight * ((double)logits[token] - max) : 0;
        }

        return new(position, best / sum, Math.Log(sum) - energy / sum, (best - next) / sum);
    }
}

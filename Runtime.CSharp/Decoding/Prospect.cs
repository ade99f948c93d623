namespace A3.Runtime;

/// <summary>What the model expects at an open position, given everything committed; what an adaptive policy goes by.</summary>
/// <param name="Position">The open position.</param>
/// <param name="Confidence">The probability of the likeliest token.</param>
/// <param name="Entropy">Of the model's distribution, in nats.</param>
/// <param name="Margin">The probability of the likeliest token less that of the next.</param>
internal readonly record struct Prospect(int Position, double Confidence, double Entropy, double Margin)
{
    /// <summary>Reads one row of logits; <paramref name="weights"/> is scratch of the vocabulary's size.</summary>
    public static Prospect Of(int position, ReadOnlySpan<float> logits, Span<double> weights)
    {
        var max = LogSoftmax.Max(logits);
        var sum = LogSoftmax.Exponentials(logits, max, 1, weights);
        var (best, next, energy) = (0.0, 0.0, 0.0);

        for (var token = 0; token < logits.Length; token++)
        {
            var weight = weights[token];

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

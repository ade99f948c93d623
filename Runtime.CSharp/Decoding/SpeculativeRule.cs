namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Drafting, acceptance and redrawing at one position; the random numbers of each are named by position and use.
/// </summary>
internal sealed record SpeculativeRule(SamplingOptions Sampling, Seed Seed, Redraw Redraw)
{
    private const int Drafting = 0;
    private const int Accepting = 1;
    private const int Redrawing = 2;

    public Draft Draw(int position, ReadOnlySpan<float> logits)
    {
        var distribution = Distribution(logits);
        return Drawn(position, logits, distribution, distribution.Draw(Uniform(position, Drafting)));
    }

    /// <summary>The draft again with its verified log-probabilities, or its replacement; whether it was kept.</summary>
    public (DecodedToken Token, bool Accepted) Verify(Draft draft, ReadOnlySpan<float> logits)
    {
        var (position, token) = (draft.Drawn.Position, draft.Drawn.Token);
        var verified = Distribution(logits);
        var accepted = Uniform(position, Accepting) * draft.Probabilities[token] < verified.Probabilities[token];

        if (!accepted)
        {
            var redrawn = Redraw(draft.Probabilities, verified.Probabilities.ToArray());
            token = SamplingDistribution.Draw(redrawn, Uniform(position, Redrawing) * redrawn.Sum());
        }

        return (Drawn(position, logits, verified, token).Drawn, accepted);
    }

    private static Draft Drawn(int position, ReadOnlySpan<float> logits, SamplingDistribution distribution, int token)
    {
        var probabilities = distribution.Probabilities.ToArray();
        return new(new(position, token, LogSoftmax.Of(logits, token), Math.Log(probabilities[token])), probabilities);
    }

    private SamplingDistribution Distribution(ReadOnlySpan<float> logits)
    {
        var distribution = new SamplingDistribution(logits.Length);
        distribution.Load(logits, Sampling);
        return distribution;
    }

    private double Uniform(int position, int use) =>
        SeedModule.uniform(SeedModule.derive(use, SeedModule.derive(position, Seed)));
}

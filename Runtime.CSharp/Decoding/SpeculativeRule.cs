namespace A3.Runtime;

using A3.Model;

/// <summary>
/// What to draw from at a rejected draft, given what it was drafted from and what it should have been drawn from, all
/// [vocabulary]; of any scale.
/// </summary>
internal delegate void Redraw(ReadOnlySpan<double> drafted, ReadOnlySpan<double> verified, Span<double> weights);

/// <summary>
/// Drafting, acceptance and redrawing at one position; the random numbers of each are named by position and use. Holds distributions
/// that no draft uses any more; not thread-safe.
/// </summary>
internal sealed class SpeculativeRule(Sampler sampler, Redraw redraw)
{
    private const int Drafting = 0;
    private const int Accepting = 1;
    private const int Redrawing = 2;

    private readonly Stack<SamplingDistribution> spare = [];
    private double[] weights = [];

    /// <summary>
    /// (q - p)+ of draft p and verified q: together with acceptance at min(1, q/p) it makes the committed token one of q.
    /// </summary>
    public static void Residual(ReadOnlySpan<double> drafted, ReadOnlySpan<double> verified, Span<double> weights)
    {
        for (var token = 0; token < weights.Length; token++)
        {
            weights[token] = Math.Max(0, verified[token] - drafted[token]);
        }
    }

    /// <summary>A rule of its own, which may draw by another seed.</summary>
    public SpeculativeRule Fork(Seed? seed) => new(sampler.Reseeded(seed), redraw);

    /// <summary>A draft from a row of predictions.</summary>
    public Draft Draw(int position, PassPredictions predictions, int row)
    {
        var drafted = Load(position, predictions.Logits(row));
        var token = drafted.Draw(Uniform(position, Drafting));
        return new(Drawn(position, token, predictions.LogProbability(row, token), drafted), drafted);
    }

    /// <summary>The draft again with its verified log-probabilities, or its replacement; whether it was kept.</summary>
    public (DecodedToken Token, bool Accepted) Verify(Draft draft, PassPredictions predictions, int row)
    {
        var (position, token) = (draft.Drawn.Position, draft.Drawn.Token);
        var (drafted, verified) = (draft.Distribution, Load(position, predictions.Logits(row)));
        var accepted = Uniform(position, Accepting) * drafted.Probability(token) < verified.Probability(token);

        if (!accepted)
        {
            Array.Resize(ref weights, verified.Probabilities.Length);
            redraw(drafted.Probabilities, verified.Probabilities, weights);
            token = SamplingDistribution.Draw(weights, Uniform(position, Redrawing) * weights.Sum());
        }

        var drawn = Drawn(position, token, predictions.LogProbability(row, token), verified);
        spare.Push(verified);
        return (drawn, accepted);
    }

    /// <summary>Takes back the memory of drafts that nobody will look at again.</summary>
    public void Release(IEnumerable<Draft> drafts)
    {
        foreach (var draft in drafts)
        {
            spare.Push(draft.Distribution);
        }
    }

    private static DecodedToken Drawn(int position, int token, double logProbability, SamplingDistribution from) =>
        new(position, token, logProbability, Math.Log(from.Probability(token)));

    private SamplingDistribution Load(int position, ReadOnlySpan<float> logits)
    {
        var loaded = spare.TryPop(out var used) ? used : new(logits.Length);
        loaded.Load(logits, sampler.Options, sampler.Bias(position));
        return loaded;
    }

    private double Uniform(int position, int use) =>
        SeedModule.uniform(SeedModule.derive(use, SeedModule.derive(position, sampler.Seed)));
}

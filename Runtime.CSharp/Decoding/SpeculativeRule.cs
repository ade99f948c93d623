namespace A3.Runtime;

using A3.Model;

/// <summary>
/// What to draw from at a rejected draft, given what it was drafted from and what it should have been drawn from, all
/// [vocabulary]; of any scale.
/// </summary>
internal delegate void Redraw(ReadOnlySpan<double> drafted, ReadOnlySpan<double> verified, Span<double> weights);

/// <summary>
/// Drafting, acceptance and redrawing at one position; the random numbers of each are named by position and use. Holds scratch
/// and distributions that no draft uses any more; not thread-safe.
/// </summary>
internal sealed class SpeculativeRule(Sampler sampler, Redraw redraw)
{
    private const int Drafting = 0;
    private const int Accepting = 1;
    private const int Redrawing = 2;

    private readonly Stack<double[]> spare = [];
    private SamplingDistribution? distribution;

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
        var drawing = Load(position, predictions.Logits(row));
        var token = drawing.Draw(Uniform(position, Drafting));
        var probabilities = spare.TryPop(out var used) ? used : new double[drawing.Probabilities.Length];
        drawing.Probabilities.CopyTo(probabilities);
        return new(Drawn(position, token, predictions.LogProbability(row, token)), probabilities);
    }

    /// <summary>The draft again with its verified log-probabilities, or its replacement; whether it was kept.</summary>
    public (DecodedToken Token, bool Accepted) Verify(Draft draft, PassPredictions predictions, int row)
    {
        var (position, token) = (draft.Drawn.Position, draft.Drawn.Token);
        var verified = Load(position, predictions.Logits(row));
        var accepted = Uniform(position, Accepting) * draft.Probabilities[token] < verified.Probabilities[token];

        if (!accepted)
        {
            var weights = spare.TryPop(out var used) ? used : new double[draft.Probabilities.Length];
            redraw(draft.Probabilities, verified.Probabilities, weights);
            token = SamplingDistribution.Draw(weights, Uniform(position, Redrawing) * weights.Sum());
            spare.Push(weights);
        }

        return (Drawn(position, token, predictions.LogProbability(row, token)), accepted);
    }

    /// <summary>Takes back the memory of drafts that nobody will look at again.</summary>
    public void Release(IEnumerable<Draft> drafts)
    {
        foreach (var draft in drafts)
        {
            spare.Push(draft.Probabilities);
        }
    }

    private DecodedToken Drawn(int position, int token, double logProbability) =>
        new(position, token, logProbability, Math.Log(distribution!.Probabilities[token]));

    private SamplingDistribution Load(int position, ReadOnlySpan<float> logits)
    {
        distribution ??= new(logits.Length);
        distribution.Load(logits, sampler.Options, sampler.Bias(position));
        return distribution;
    }

    private double Uniform(int position, int use) =>
        SeedModule.uniform(SeedModule.derive(use, SeedModule.derive(position, sampler.Seed)));
}

using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// What to draw from at a rejected draft, given what it was drafted from and what it should have been drawn from, all
/// [vocabulary]; of any scale.
/// </summary>
internal delegate void Resample(ReadOnlySpan<double> drafted, ReadOnlySpan<double> verified, Span<double> weights);

/// <summary>
/// Drafting, acceptance and resampleing at one position; the random numbers of each are named by position and use. Holds distributions
/// that no draft uses any more; not thread-safe.
/// </summary>
internal sealed class SpeculativeRule(Sampler sampler, Resample resample)
{
    private const int Drafting = 0;
    private const int Accepting = 1;
    private const int Resampleing = 2;

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
    public SpeculativeRule Fork(Seed? seed) => new(sampler.Reseeded(seed), resample);

    /// <summary>
    /// A draft from a row of predictions, to stand beside what is committed. One that is not sure to be kept had better not end the text, or
    /// what is drafted behind it is lost.
    /// </summary>
    public Draft Draw(int position, PassPredictions predictions, int row, CommittedTokens committed, bool mayEnd)
    {
        var asked = sampler.Constrain(new(row, position), committed);
        var drafted = Load(asked, predictions, mayEnd ? asked.Allowed : WithoutEnds(asked.Allowed));
        var token = drafted.Draw(Uniform(position, Drafting));
        return new(Drawn(asked, token, predictions, drafted), drafted);
    }

    /// <summary>The draft again with its verified log-probabilities, or its replacement; whether it was kept.</summary>
    public (DecodedToken Token, bool Accepted) Verify(Draft draft, PassPredictions predictions, int row, CommittedTokens committed)
    {
        var (position, token) = (draft.Drawn.Position, draft.Drawn.Token);
        var asked = sampler.Constrain(new(row, position), committed);
        var (drafted, verified) = (draft.Distribution, Load(asked, predictions, asked.Allowed));
        var accepted = Uniform(position, Accepting) * drafted.Probability(token) < verified.Probability(token);

        if (!accepted)
        {
            Array.Resize(ref weights, verified.Probabilities.Length);
            resample(drafted.Probabilities, verified.Probabilities, weights);
            token = SamplingDistribution.Draw(weights, Uniform(position, Resampleing) * weights.Sum());
        }

        var drawn = Drawn(asked, token, predictions, verified);
        spare.Push(verified);
        return (drawn, accepted);
    }

    /// <summary>Whether a token ends the text.</summary>
    public bool IsEnd(DecodedToken token) => sampler.IsEnd(token.Token);

    /// <summary>Takes back the memory of drafts that nobody will look at again.</summary>
    public void Release(IEnumerable<Draft> drafts)
    {
        foreach (var draft in drafts)
        {
            spare.Push(draft.Distribution);
        }
    }

    private static DecodedToken Drawn(PredictedRow row, int token, PassPredictions predictions, SamplingDistribution from) => new(
        row.Position,
        token,
        predictions.LogProbability(row.Row, token, row.Agreeing),
        Math.Log(from.Probability(token)));

    private TokenSet? WithoutEnds(TokenSet? allowed)
    {
        var text = allowed is null || sampler.Constraints is null ? allowed : sampler.Constraints.WithoutEnds(allowed);
        return text is { Count: 0 } ? allowed : text;
    }

    private SamplingDistribution Load(PredictedRow row, PassPredictions predictions, TokenSet? allowed)
    {
        var logits = predictions.Logits(row.Row);
        var loaded = spare.TryPop(out var used) ? used : new(logits.Length);
        loaded.Load(logits, sampler.Options, allowed);
        return loaded;
    }

    private double Uniform(int position, int use) =>
        SeedModule.uniform(SeedModule.derive(use, SeedModule.derive(position, sampler.Seed)));
}

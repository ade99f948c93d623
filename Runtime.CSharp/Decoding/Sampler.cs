using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Draws tokens. The randomness of a position is a function of the seed and the position alone, so a sequence gets the same
/// tokens whatever batch or order it is decoded in (law 12). Not thread-safe: one per run.
/// </summary>
internal sealed class Sampler(SamplingOptions options, Seed seed, int vocabulary)
{
    private readonly SamplingDistribution distribution = new(vocabulary);

    public DecodedToken Draw(int position, ReadOnlySpan<float> logits)
    {
        distribution.Load(logits, options);
        var token = distribution.Draw(SeedModule.uniform(SeedModule.derive(position, seed)));

        return new(position, token, distribution.LogProbability(logits, token), Math.Log(distribution.Probabilities[token]));
    }

    /// <summary>One token for each position, whose logits are the rows of the last pass in the same order.</summary>
    public ImmutableArray<DecodedToken> DrawAll(ReadOnlySpan<int> positions, CountedSequence sequence)
    {
        var drawn = ImmutableArray.CreateBuilder<DecodedToken>(positions.Length);

        for (var row = 0; row < positions.Length; row++)
        {
            drawn.Add(Draw(positions[row], sequence.Logits(row)));
        }

        return drawn.MoveToImmutable();
    }
}

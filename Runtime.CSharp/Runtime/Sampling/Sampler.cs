namespace A3.Runtime.Sampling;

using A3.Model;

/// <summary>
/// How tokens are drawn: the randomness of a position is a function of the seed and the position alone, so a sequence gets the
/// same tokens whatever batch or order it is decoded in (law 12). Immutable.
/// </summary>
/// <param name="Options">Temperature and cuts.</param>
/// <param name="Seed">Of the whole run.</param>
/// <param name="Constraints">What may stand where; null for every token everywhere.</param>
internal sealed record Sampler(SamplingOptions Options, Seed Seed, PositionConstraints? Constraints = null)
{
    /// <summary>The number in [0, 1) that a position draws by.</summary>
    public double Uniform(int position) => SeedModule.uniform(SeedModule.derive(position, Seed));

    /// <summary>The same with another seed, or this one where none is given.</summary>
    public Sampler Reseeded(Seed? seed) => seed is { } given ? this with { Seed = given } : this;

    /// <summary>A row with what may stand at its position beside the tokens that are committed.</summary>
    /// <exception cref="A3Exception">No token may.</exception>
    public PredictedRow Constrain(PredictedRow row, CommittedTokens committed) => Constraints is null
        ? row
        : row with
        {
            Allowed = Constraints.Allowed(row.Position, committed),
            Agreeing = Constraints.Agreeing(row.Position),
        };

    /// <summary>Whether a token ends the text.</summary>
    public bool IsEnd(int token) => Constraints?.IsEnd(token) == true;
}

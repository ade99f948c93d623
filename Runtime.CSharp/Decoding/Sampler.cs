namespace A3.Runtime;

using A3.Model;

/// <summary>
/// How tokens are drawn: the randomness of a position is a function of the seed and the position alone, so a sequence gets the
/// same tokens whatever batch or order it is decoded in (law 12). Immutable.
/// </summary>
/// <param name="Options">Temperature and cuts.</param>
/// <param name="Seed">Of the whole run.</param>
/// <param name="Allowed">What may stand where.</param>
internal sealed record Sampler(SamplingOptions Options, Seed Seed, AllowedTokens? Allowed = null)
{
    /// <summary>The number in [0, 1) that a position draws by.</summary>
    public double Uniform(int position) => SeedModule.uniform(SeedModule.derive(position, Seed));

    /// <summary>The same with another seed, or this one where none is given.</summary>
    public Sampler Reseeded(Seed? seed) => seed is { } given ? this with { Seed = given } : this;

    /// <summary>[vocabulary], minus infinity where a token is not allowed at a position; null where all are.</summary>
    public float[]? Bias(int position) => Allowed?.BiasAt(position);

    /// <summary>Confidence, entropy and margin among the allowed tokens, with a distribution as scratch.</summary>
    public Score Assess(int position, ReadOnlySpan<float> logits, SamplingDistribution distribution) =>
        distribution.Assess(position, logits, Bias(position));
}

namespace A3.Bench;

/// <summary>What <see cref="DecodeBenchmark"/> measures, and how often.</summary>
public sealed record DecodeBenchmarkOptions
{
    /// <summary>Tokens of a run; BOS, which is given, comes on top.</summary>
    public int Positions { get; init; } = 256;

    /// <summary>That BOS; null for a random token. Steps cost the same, but behind another than its own a trained model says nothing likely.</summary>
    public int? Bos { get; init; }

    /// <summary>Group sizes of cached groupwise decoding.</summary>
    public IReadOnlyList<int> Groups { get; init; } = [1, 2, 4, 8];

    /// <summary>Runs of each method, interleaved.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>How tokens are drawn; the model's own distribution by default.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Names the random numbers of the run.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Seconds that an uncached run may take; beyond them only steps spread evenly over the run are measured.</summary>
    public double UncachedSeconds { get; init; } = 3;
}

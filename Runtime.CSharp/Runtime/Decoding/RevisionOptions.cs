namespace A3;

/// <summary>
/// Block-Gibbs revision of a filled text: positions are drawn anew, a block at a time, given everything else as it then stands.
/// </summary>
public sealed record RevisionOptions
{
    /// <summary>How often the chosen positions are gone through; 1 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Sweeps
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Sweeps), $"{value}", "Sweeps must be at least 1.");
    } = 1;

    /// <summary>
    /// The share of the filled positions that a sweep revises, those that were least likely when they were drawn; 1 (the default)
    /// revises all. At least one position is revised.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside (0, 1].</exception>
    public double Share
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Share), $"{value}", "Share must be above 0 and at most 1; 1 "
                + "revises every position.");
    } = 1;

    /// <summary>Positions drawn together, independently of each other; 1 (the default) is plain Gibbs sampling.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Block
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Block), $"{value}", "Block must be at least 1.");
    } = 1;

    /// <summary>Which filled positions may be revised; null (the default) for all of them.</summary>
    public IReadOnlyCollection<int>? Positions { get; init; }
}

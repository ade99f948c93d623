namespace A3.Runtime.Sampling;

/// <summary>A row of predictions, and the position it is about.</summary>
internal readonly record struct PredictedRow(int Row, int Position)
{
    /// <summary>What may be drawn; null for every token.</summary>
    public TokenSet? Allowed { get; init; }

    /// <summary>What the distribution is narrowed to whose log-probability is reported; null for every token.</summary>
    public TokenSet? Agreeing { get; init; }
}

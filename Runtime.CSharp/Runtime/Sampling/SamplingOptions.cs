namespace A3;

/// <summary>
/// How a token is drawn from the model's distribution: tempered, then cut to the likeliest tokens, then renormalised.
/// </summary>
/// <remarks>The default draws from the model's distribution as it is.</remarks>
public sealed record SamplingOptions
{
    /// <summary>Always the likeliest token; of equally likely ones the lowest id.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 is greedy, 1 (the default) leaves them as they are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Temperature
    {
        get;
        init => field = value >= 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Temperature), $"{value}", "Temperature must be a finite "
                + "number of at least 0; 0 is greedy.");
    } = 1;

    /// <summary>Keeps only this many of the likeliest tokens; null (the default) keeps all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? TopK
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TopK), $"{value}", "TopK must be at least 1; leave it null to "
                + "keep every token.");
    }

    /// <summary>
    /// Keeps the fewest likeliest tokens whose probabilities reach this sum; 1 (the default) keeps all.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside (0, 1].</exception>
    public double TopP
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TopP), $"{value}", "TopP must be above 0 and at most 1; 1 "
                + "keeps every token.");
    } = 1;
}

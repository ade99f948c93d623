using System.Collections.Immutable;

namespace A3;

/// <summary>How gaps are filled: in which groups, by which draws, with which algorithm.</summary>
/// <remarks>
/// The defaults draw one token at a time, left to right over the gaps, from the model's own distribution.
/// </remarks>
public sealed record DecodingOptions
{
    /// <summary>
    /// Which positions are filled together, and when; null (the default) fills one at a time from left to right.
    /// </summary>
    public Policy? Policy { get; init; }

    /// <summary>How a token is drawn.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Equal seeds give equal results, whatever else runs beside (law 12).</summary>
    public long Seed { get; init; }

    /// <summary>
    /// The algorithm of the authors' code: everything committed is run anew at every step. Slower, with nothing cached; with an
    /// adaptive policy it also forms one bidirectional group, so the result has no likelihood and no partition.
    /// </summary>
    public bool Reference { get; init; }

    /// <summary>
    /// Drafts this many positions at once and verifies them, which changes the number of passes and not the distribution (law 11);
    /// null (the default) does not. The policy must then be a grouping into single positions.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int? SpeculativeWindow
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SpeculativeWindow), $"{value}", "SpeculativeWindow must be at "
                + "least 2; a single draft saves no pass.");
    }

    /// <summary>
    /// Continues left to right through the content stream, as an ordinary LLaMA does, up to the end of a text. The only way of a
    /// checkpoint without query stream, which takes it unasked.
    /// </summary>
    public bool Causal { get; init; }

    /// <summary>
    /// Draws filled positions anew, given all others; null (the default) does not. The finished text is then scored under the
    /// partition that it was filled by, so that its log-probability is that of what stands there.
    /// </summary>
    public RevisionOptions? Revision { get; init; }

    /// <summary>What may be drawn in every gap; null (the default) allows all text.</summary>
    public TokenConstraint? Constraint { get; init; }

    /// <summary>What may be drawn in single gaps beside that, by their number counted from 0.</summary>
    public IReadOnlyDictionary<int, TokenConstraint> GapConstraints
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(GapConstraints));
    } = new Dictionary<int, TokenConstraint>();

    /// <summary>
    /// Texts that never stand in what is filled in, however it is spelt over tokens and groups, alone or together with the text beside it.
    /// </summary>
    /// <exception cref="ArgumentException">One is empty.</exception>
    public ImmutableArray<string> ForbiddenTexts
    {
        get;
        init => field = value.IsDefault || value.Contains("")
            ? throw new ArgumentException("a forbidden text is empty; every text holds that.", nameof(ForbiddenTexts))
            : value;
    } = [];

    /// <summary>
    /// Whether marks such as BOS and padding may be drawn; without (the default) only text may, and the end of a text where
    /// nothing given follows.
    /// </summary>
    public bool AllowSpecialTokens { get; init; }
}

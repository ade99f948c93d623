namespace A3;

/// <summary>A piece of a template: a text that is given, or a gap that is to be filled.</summary>
public readonly record struct TemplatePart
{
    private readonly string? text;

    private TemplatePart(string? text, bool isGap, int shortest, int longest)
    {
        this.text = text;
        IsGap = isGap;
        GapLength = shortest;
        LongestGap = longest;
    }

    /// <summary>The given text; empty for a gap.</summary>
    public string Text => text ?? "";

    /// <summary>The tokens of the gap, the fewest where their number is not known; 0 for a text.</summary>
    public int GapLength { get; }

    /// <summary>The most tokens of the gap; more than <see cref="GapLength"/> where their number is not known.</summary>
    public int LongestGap { get; }

    /// <summary>Whether this is to be filled.</summary>
    public bool IsGap { get; }

    /// <summary>Whether this is a gap whose length the model is to choose.</summary>
    public bool HasUnknownLength => LongestGap > GapLength;

    /// <summary>A given text, as it is: nothing in it is an escape.</summary>
    /// <exception cref="A3Exception">It holds half a surrogate pair, which no UTF-8 can hold.</exception>
    public static TemplatePart Given(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(WellFormed.Text(text), false, 0, 0);
    }

    /// <summary>
    /// A gap of so many tokens, beside those that the given text reaches into: of none where these are to be completed and no more.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0.</exception>
    public static TemplatePart Gap(int length) => Gap(length, length);

    /// <summary>A gap of unknown length: the model chooses among all from the shortest to the longest.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The shortest below 0, or the longest below it.</exception>
    public static TemplatePart Gap(int shortest, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shortest);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, shortest);
        return new(null, true, shortest, longest);
    }
}

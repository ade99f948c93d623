namespace A3.Runtime;

/// <summary>A piece of a template: a text that is given, or a gap that is to be filled.</summary>
public readonly record struct TemplatePart
{
    private readonly string? text;

    private TemplatePart(string text, int length)
    {
        this.text = text;
        GapLength = length;
    }

    /// <summary>The given text; empty for a gap.</summary>
    public string Text => text ?? "";

    /// <summary>The tokens of the gap; 0 for a text.</summary>
    public int GapLength { get; }

    /// <summary>Whether this is to be filled.</summary>
    public bool IsGap => GapLength > 0;

    /// <summary>A given text, as it is: nothing in it is an escape.</summary>
    public static TemplatePart Given(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(text, 0);
    }

    /// <summary>A gap of so many tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public static TemplatePart Gap(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return new("", length);
    }
}

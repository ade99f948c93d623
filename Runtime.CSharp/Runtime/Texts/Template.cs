using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using A3.Runtime.Texts;

namespace A3;

/// <summary>A text with gaps, such as <c>Tom had a red ball. ___ He was {3} happy.</c></summary>
/// <remarks>
/// Three or more underscores are a gap of the default length, <c>{12}</c> is a gap of 12 tokens, <c>{8..16}</c> one of 8 to 16
/// tokens, as the model likes best. <c>\{</c>, <c>\_</c> and
/// <c>\\</c> are the characters themselves; a backslash before anything else is a backslash.
/// Immutable: any number of threads may use it.
/// </remarks>
public sealed class Template : IEquatable<Template>
{
    /// <summary>Tokens of a gap written as underscores, unless said otherwise: a short sentence of a simple story.</summary>
    public const int DefaultGap = 9;

    private Template(ImmutableArray<TemplatePart> parts) => Parts = parts;

    /// <summary>Texts and gaps in order; no two texts are neighbours and none is empty.</summary>
    public ImmutableArray<TemplatePart> Parts { get; }

    /// <summary>Whether some gap has a length that the model is to choose.</summary>
    public bool HasUnknownLengths => Parts.Any(part => part.HasUnknownLength);

    /// <summary>A template from its parts; neighbouring texts become one.</summary>
    public static Template Of(params IEnumerable<TemplatePart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var joined = ImmutableArray.CreateBuilder<TemplatePart>();

        foreach (var part in parts)
        {
            if (part.IsGap || joined.Count == 0 || joined[^1].IsGap)
            {
                if (part.IsGap || part.Text.Length > 0)
                {
                    joined.Add(part);
                }
            }
            else
            {
                joined[^1] = TemplatePart.Given(joined[^1].Text + part.Text);
            }
        }

        return new(joined.ToImmutable());
    }

    /// <summary>Reads a template.</summary>
    /// <param name="text">The template's text form.</param>
    /// <param name="defaultGap">Tokens of a gap written as underscores.</param>
    /// <exception cref="TemplateException">A brace that is not a gap, or half a surrogate pair; the message names the column.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A default gap below 1.</exception>
    public static Template Parse(string text, int defaultGap = DefaultGap) =>
        TryParse(text, defaultGap, out var template, out var error) ? template : throw error;

    /// <summary>As <see cref="Parse"/>, with the error as a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A default gap below 1.</exception>
    public static bool TryParse(
        string text,
        int defaultGap,
        [NotNullWhen(true)] out Template? template,
        [NotNullWhen(false)] out TemplateException? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(defaultGap, 1);
        var parser = new TemplateParser(text, defaultGap);
        error = parser.Read();
        template = error is null ? Of(parser.Parts) : null;
        return error is null;
    }

    /// <summary>The text form, which parses back to this template.</summary>
    public override string ToString() => string.Concat(Parts.Select(Print));

    /// <summary>Whether both have the same parts.</summary>
    public bool Equals(Template? other) => other is not null && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Template);

    /// <inheritdoc/>
    public override int GetHashCode() => Parts.Aggregate(0, HashCode.Combine);

    /// <summary>The same with every gap at its shortest, but for one that may be longer than nothing.</summary>
    internal Template Shortest() => WithLengths(part => part.LongestGap == 0 ? 0 : Math.Max(1, part.GapLength));

    /// <summary>The same with every gap at its longest.</summary>
    internal Template Longest() => WithLengths(part => part.LongestGap);

    private Template WithLengths(Func<TemplatePart, int> length) =>
        new([.. Parts.Select(part => part.IsGap ? TemplatePart.Gap(length(part)) : part)]);

    /// <summary>The given texts, [gaps + 1]: before each gap, and behind the last; perhaps empty.</summary>
    internal ImmutableArray<string> Givens()
    {
        var givens = ImmutableArray.CreateBuilder<string>();
        var text = "";

        foreach (var part in Parts)
        {
            if (part.IsGap)
            {
                givens.Add(text);
            }

            text = part.Text;
        }

        return [.. givens, text];
    }

    private static string Print(TemplatePart part) =>
        part.HasUnknownLength ? $"{{{part.GapLength}..{part.LongestGap}}}"
        : part.IsGap ? $"{{{part.GapLength}}}"
        : Escaped(part.Text);

    private static string Escaped(string text) => string.Concat(text.Select(unit => "\\{_[".Contains(unit, StringComparison.Ordinal) ? $"\\{unit}" : $"{unit}"));
}

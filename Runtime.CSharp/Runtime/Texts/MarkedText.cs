using System.Collections.Immutable;
using System.Text;

namespace A3;

/// <summary>A piece of a text: one that is given, or one that is to be scored given the rest.</summary>
/// <param name="Text">The piece, as it is.</param>
/// <param name="IsTarget">Whether it is to be scored.</param>
public readonly record struct MarkedPart(string Text, bool IsTarget);

/// <summary>A text of which parts are to be scored, given the rest: <c>Tom had a [[red]] ball.</c></summary>
/// <remarks>Immutable: any number of threads may use it.</remarks>
public sealed class MarkedText
{
    private const string Escapes = "[]{_\\";

    private MarkedText(ImmutableArray<MarkedPart> parts) => Parts = parts;

    /// <summary>The pieces in order; none empty, and no two of one kind side by side.</summary>
    public ImmutableArray<MarkedPart> Parts { get; }

    /// <summary>Whether some part is marked; without, everything is scored.</summary>
    public bool HasTargets => Parts.Any(part => part.IsTarget);

    /// <summary>The whole text.</summary>
    public string Text => string.Concat(Parts.Select(part => part.Text));

    /// <summary>A text as it is: nothing in it is a mark.</summary>
    public static MarkedText Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Of(new MarkedPart(text, false));
    }

    /// <summary>Pieces as they are: nothing in them is a mark.</summary>
    public static MarkedText Of(params IEnumerable<MarkedPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var joined = new List<MarkedPart>();

        foreach (var part in parts.Where(part => part.Text.Length > 0))
        {
            if (joined.Count > 0 && joined[^1].IsTarget == part.IsTarget)
            {
                joined[^1] = part with { Text = joined[^1].Text + part.Text };
            }
            else
            {
                joined.Add(part);
            }
        }

        return new([.. joined]);
    }

    /// <summary>Reads a text with marks: <c>[[</c> and <c>]]</c> around parts; <c>\[</c>, <c>\]</c>, <c>\{</c>, <c>\_</c> and <c>\\</c> are
    /// the characters themselves.</summary>
    /// <exception cref="TemplateException">A mark that does not end, or a bare bracket or nothing within one; the message names the column.</exception>
    public static MarkedText Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = new List<MarkedPart>();
        var piece = new StringBuilder();
        var begun = -1;

        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && Escapes.Contains(text[at + 1], StringComparison.Ordinal))
            {
                piece.Append(text[++at]);
            }
            else if (begun < 0 && IsPair(text, at, '['))
            {
                parts.Add(new(piece.ToString(), false));
                piece.Clear();
                begun = at++;
            }
            else if (begun >= 0 && IsPair(text, at, ']'))
            {
                parts.Add(new(EndOf(piece, begun), true));
                piece.Clear();
                (begun, at) = (-1, at + 1);
            }
            else if (begun >= 0 && text[at] is '[' or ']')
            {
                throw new TemplateException(
                    at + 1,
                    $"'{text[at]}' stands within the part to score that begins at column {begun + 1}; write \\{text[at]} for the character "
                    + "itself, or \\[\\[ where no part was meant to begin.");
            }
            else
            {
                piece.Append(text[at]);
            }
        }

        if (begun >= 0)
        {
            throw new TemplateException(
                begun + 1, "'[[' begins a part to score, but no ']]' follows; write \\[\\[ for the characters themselves.");
        }

        parts.Add(new(piece.ToString(), false));
        return Of(parts);
    }

    /// <summary>The text form, which parses back to this text.</summary>
    public override string ToString() =>
        string.Concat(Parts.Select(part => part.IsTarget ? $"[[{Escaped(part.Text)}]]" : Escaped(part.Text)));

    private static bool IsPair(string text, int at, char bracket) =>
        text[at] == bracket && at + 1 < text.Length && text[at + 1] == bracket;

    private static string EndOf(StringBuilder piece, int begun) => piece.Length > 0
        ? piece.ToString()
        : throw new TemplateException(begun + 1, "'[[]]' holds nothing to score; write \\[\\[ for the characters themselves.");

    private static string Escaped(string text) =>
        Escapes.Aggregate(text.Replace("\\", "\\\\", StringComparison.Ordinal), (escaped, letter) =>
            letter == '\\' ? escaped : escaped.Replace($"{letter}", $"\\{letter}", StringComparison.Ordinal));
}

using System.Globalization;
using System.Text;

namespace A3.Runtime.Texts;

/// <summary>Reads the text form of a template, left to right, once.</summary>
internal sealed class TemplateParser(string text, int defaultGap)
{
    private const string Escapes = "{_[]\\";

    private readonly StringBuilder given = new();
    private int at;

    public List<TemplatePart> Parts { get; } = [];

    /// <summary>The first error, or null when <see cref="Parts"/> hold the whole template.</summary>
    public TemplateException? Read()
    {
        if (WellFormed.HalfPair(text) is >= 0 and var half)
        {
            return new(half + 1, $"U+{(int)text[half]:X4} is half a surrogate pair, which no UTF-8 can hold; give whole characters.");
        }

        while (at < text.Length)
        {
            if (text[at] == '\\' && at + 1 < text.Length && Escapes.Contains(text[at + 1], StringComparison.Ordinal))
            {
                given.Append(text[at + 1]);
                at += 2;
            }
            else if (text[at] == '_')
            {
                ReadUnderscores();
            }
            else if (text[at] == '{')
            {
                if (ReadBraces() is { } error)
                {
                    return error;
                }
            }
            else
            {
                given.Append(text[at++]);
            }
        }

        EndText();
        return null;
    }

    private void ReadUnderscores()
    {
        var start = at;

        while (at < text.Length && text[at] == '_')
        {
            at++;
        }

        if (at - start >= 3)
        {
            EndText();
            Parts.Add(TemplatePart.Gap(defaultGap));
        }
        else
        {
            given.Append(text, start, at - start);
        }
    }

    private TemplateException? ReadBraces()
    {
        var column = at + 1;
        var end = text.IndexOf('}', at);

        if (end < 0)
        {
            return new(column, "'{' begins a gap such as {12}, but no '}' follows; write \\{ for the character itself.");
        }

        var inside = text[(at + 1)..end];

        var bounds = inside.Split("..");

        if (bounds.Length > 2 || !TryLength(bounds[0], out var shortest) || !TryLength(bounds[^1], out var longest))
        {
            return new(
                column,
                $"'{{{Shortened(inside)}}}' is not a gap: expected a number of tokens, such as {{12}}, or the "
                + $"fewest and the most, such as {{8..16}}; write \\{{ for the character itself.");
        }

        if (longest < shortest)
        {
            return new(column, $"'{{{inside}}}' has no length: the fewest tokens come first, such as {{8..16}}.");
        }

        at = end + 1;
        EndText();
        Parts.Add(TemplatePart.Gap(shortest, longest));
        return null;
    }

    private static bool TryLength(string text, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length);

    private static string Shortened(string inside) => inside.Length <= 20 ? inside : inside[..20] + "...";

    private void EndText()
    {
        Parts.Add(TemplatePart.Given(given.ToString()));
        given.Clear();
    }
}

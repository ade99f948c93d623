using System.Globalization;
using System.Text;

namespace A3.Runtime;

/// <summary>Reads the text form of a template, left to right, once.</summary>
internal sealed class TemplateParser(string text, int defaultGap)
{
    private const string Escapes = "{_\\";

    private readonly StringBuilder given = new();
    private int at;

    public List<TemplatePart> Parts { get; } = [];

    /// <summary>The first error, or null when <see cref="Parts"/> hold the whole template.</summary>
    public TemplateException? Read()
    {
        while (at < text.Length)
        {
            if (text[at] == '\\' && at + 1 < text.Length && Escapes.Contains(text[at + 1]))
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
            AddGap(defaultGap);
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

        if (inside.Contains("..", StringComparison.Ordinal))
        {
            return new(column, $"'{{{inside}}}' is a gap of unknown length, which cannot be filled yet; write one "
                + $"length such as {{12}}.");
        }

        if (!int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length < 1)
        {
            return new(
                column,
                $"'{{{Shortened(inside)}}}' is not a gap: expected a number of tokens from 1 up, such as {{12}}; "
                + $"write \\{{ for the character itself.");
        }

        at = end + 1;
        AddGap(length);
        return null;
    }

    private static string Shortened(string inside) => inside.Length <= 20 ? inside : inside[..20] + "...";

    private void AddGap(int length)
    {
        EndText();
        Parts.Add(TemplatePart.Gap(length));
    }

    private void EndText()
    {
        Parts.Add(TemplatePart.Given(given.ToString()));
        given.Clear();
    }
}

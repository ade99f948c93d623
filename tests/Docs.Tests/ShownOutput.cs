using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace A3.Docs.Tests;

/// <summary>
/// Compares what a document shows with what a program printed. In shown output <c>…</c> stands for anything within a line, and the last
/// decimal of a number may differ by one; blanks at the end of a line do not count.
/// </summary>
internal static partial class ShownOutput
{
    private const char Anything = '…';

    /// <summary>The first difference in words; null where there is none.</summary>
    public static string? Difference(string shown, string printed)
    {
        var (expected, found) = (Lines(shown), Lines(printed));
        for (var line = 0; line < Math.Max(expected.Length, found.Length); line++)
        {
            var (one, other) = (expected.ElementAtOrDefault(line), found.ElementAtOrDefault(line));
            if (one is null || other is null || !AreAlike(one, other))
            {
                return $"line {line + 1} of the output: shown is {Quoted(one)}, printed was {Quoted(other)}.";
            }
        }

        return null;
    }

    private static string Quoted(string? line) => line is null ? "nothing" : $"\"{line}\"";

    private static string[] Lines(string text) => [.. text.ReplaceLineEndings("\n").TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    private static bool AreAlike(string shown, string printed)
    {
        var match = Regex.Match(printed, Pattern(shown), RegexOptions.CultureInvariant);
        return match.Success
            && Decimals().Matches(shown).Select((number, index) => IsNear(number.Value, match.Groups[index + 1].Value)).All(near => near);
    }

    private static string Pattern(string shown)
    {
        var (pattern, at) = (new StringBuilder("^"), 0);
        foreach (Match number in Decimals().Matches(shown))
        {
            pattern.Append(Literal(shown[at..number.Index]));
            var decimals = number.Length - number.Value.IndexOf('.', StringComparison.Ordinal) - 1;
            pattern.Append(CultureInfo.InvariantCulture, $@"(-?\d+\.\d{{{decimals}}})");
            at = number.Index + number.Length;
        }

        return pattern.Append(Literal(shown[at..])).Append('$').ToString();
    }

    private static string Literal(string text) => string.Join(".+?", text.Split(Anything).Select(Regex.Escape));

    private static bool IsNear(string one, string other)
    {
        var last = Math.Pow(10, one.IndexOf('.', StringComparison.Ordinal) + 1 - one.Length);
        return Math.Abs(double.Parse(one, CultureInfo.InvariantCulture) - double.Parse(other, CultureInfo.InvariantCulture)) < 1.5 * last;
    }

    [GeneratedRegex(@"-?\d+\.\d+")]
    private static partial Regex Decimals();
}

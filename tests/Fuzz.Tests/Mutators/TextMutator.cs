using System.Text;
using System.Text.RegularExpressions;

namespace A3.Fuzz.Tests.Mutators;

/// <summary>Faults of what people write: of its words, its numbers and its characters.</summary>
internal static partial class TextMutator
{
    public static readonly string[] Numbers =
        ["-1", "0", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e308", "1e999", "-0.0", "NaN", "0.5", "00"];

    private static readonly string[] Scraps =
        ["\0", "\u001b", "\ud800", "\udc00", "\ufeff", "\u2028", "\r\n", "{", "}", "[", "]", "(", ")", "|", "..", "\\", "\"", ",", "/", "é"];

    public static byte[] Mutate(Chance chance, byte[] content) =>
        chance.OneIn(5) ? BytesMutator.Mutate(chance, content) : Encoding.UTF8.GetBytes(Mutate(chance, Encoding.UTF8.GetString(content)));

    public static string Mutate(Chance chance, string text) =>
        chance.Below(9) switch
        {
            0 => Replace(chance, text, 0, chance.Pick(Scraps)),
            1 => Replace(chance, text, 0, string.Concat(Enumerable.Repeat(chance.Pick(Scraps), 1 << chance.Below(12)))),
            2 => Replace(chance, text, chance.Below(40), ""),
            3 => Replace(chance, text, 0, Slice(chance, text, chance.Below(60))),
            4 => ReplaceOne(chance, text, Number(), chance.Pick(Numbers)),
            5 => ReplaceOne(chance, text, Word(), ""),
            6 => ReplaceOne(chance, text, Word(), Wrong(chance, text)),
            7 => ReplaceOne(chance, text, Word(), Other(chance, text)),
            _ => Nested(chance, text),
        };

    /// <summary>A word of the text with a letter changed, as people misspell.</summary>
    private static string Wrong(Chance chance, string text)
    {
        var word = Other(chance, text).ToCharArray();
        if (word.Length > 0)
        {
            word[chance.Below(word.Length)] = (char)('a' + chance.Below(26));
        }

        return new(word);
    }

    private static string Other(Chance chance, string text) =>
        Word().Matches(text) is { Count: > 0 } words ? words[chance.Below(words.Count)].Value : "";

    private static string Nested(Chance chance, string text)
    {
        var depth = 1 << chance.Below(8);
        return new string('(', depth) + text + new string(')', chance.OneIn(2) ? depth : chance.Below(depth));
    }

    private static string ReplaceOne(Chance chance, string text, Regex pattern, string by) =>
        pattern.Matches(text) is { Count: > 0 } found && found[chance.Below(found.Count)] is { } match
            ? string.Concat(text.AsSpan(0, match.Index), by, text.AsSpan(match.Index + match.Length))
            : text + by;

    private static string Replace(Chance chance, string text, int length, string by)
    {
        var at = chance.Below(text.Length + 1);
        return string.Concat(text.AsSpan(0, at), by, text.AsSpan(Math.Min(text.Length, at + length)));
    }

    private static string Slice(Chance chance, string text, int length)
    {
        var at = chance.Below(text.Length + 1);
        return text.Substring(at, Math.Min(length, text.Length - at));
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex("[A-Za-z-]+|[^ A-Za-z]+")]
    private static partial Regex Word();
}

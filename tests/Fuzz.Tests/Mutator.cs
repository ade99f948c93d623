using System.Text;

namespace A3.Fuzz.Tests;

/// <summary>Breaks inputs by chance: bytes of any file, and tokens of texts and JSON. The same seed gives the same input in any process.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly string[] Numbers =
        ["-1", "0", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e308", "1e999", "-0.0", "NaN", "0.5", "00"];

    private static readonly string[] Values =
        ["null", "true", "{}", "[]", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[[[[]]]]", "{\"a\":{}}", "\"x\""];

    private static readonly string[] Scraps =
        ["\0", "\u001b", "\ud800", "\udc00", "\ufeff", "\u2028", "\r\n", "{", "}", "[", "]", "(", ")", "|", "..", "\\", "\"", ",", "/", "é"];

    private readonly Random random = new(seed);

    /// <summary>From 0 to below the bound.</summary>
    public int Below(int bound) => random.Next(bound);

    public T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>One to four faults; texts get faults of texts as often as faults of bytes.</summary>
    public byte[] Mutate(byte[] content, bool isText)
    {
        for (var faults = 1 + Below(4); faults > 0; faults--)
        {
            content = isText && Below(4) > 0 ? Encoding.UTF8.GetBytes(Text(Encoding.UTF8.GetString(content))) : Bytes(content);
        }

        return content;
    }

    /// <summary>One fault of a text.</summary>
    public string Text(string text) =>
        Below(7) switch
        {
            0 => ReplaceNumber(text, Pick(Numbers)),
            1 => ReplaceNumber(text, Pick(Values)),
            2 => Replace(text, 0, Pick(Scraps)),
            3 => Replace(text, 0, string.Concat(Enumerable.Repeat(Pick(Scraps), 1 << Below(12)))),
            4 => Replace(text, Below(40), ""),
            5 => Replace(text, 0, Slice(text, Below(60))),
            _ => Replace(text, Below(8), Pick(Values)),
        };

    private byte[] Bytes(byte[] content)
    {
        var at = Below(content.Length + 1);
        switch (Below(5))
        {
            case 0:
                return content[..at];
            case 1:
                var end = Math.Min(content.Length, at + Below(64));
                return [.. content[..end], .. content[at..]];
            case 2:
                return [.. content[..at], .. content[Math.Min(content.Length, at + Below(16))..]];
            default:
                return Flip(content);
        }
    }

    /// <summary>The head of a file says how the rest is read, so half of the flips are there.</summary>
    private byte[] Flip(byte[] content)
    {
        var flipped = content.ToArray();
        if (flipped.Length > 0)
        {
            var at = Below(2) == 0 ? Below(Math.Min(16, flipped.Length)) : Below(flipped.Length);
            flipped[at] = Below(2) == 0 ? (byte)Below(256) : (byte)(flipped[at] ^ (1 << Below(8)));
        }

        return flipped;
    }

    private string ReplaceNumber(string text, string by)
    {
        var from = Below(text.Length + 1);
        var start = from + Math.Max(0, text.AsSpan(from).IndexOfAnyInRange('0', '9'));
        var length = text.AsSpan(start).IndexOfAnyExceptInRange('0', '9') is >= 0 and var past ? past : text.Length - start;
        return string.Concat(text.AsSpan(0, start), by, text.AsSpan(start + length));
    }

    private string Replace(string text, int length, string by)
    {
        var at = Below(text.Length + 1);
        return string.Concat(text.AsSpan(0, at), by, text.AsSpan(Math.Min(text.Length, at + length)));
    }

    private string Slice(string text, int length)
    {
        var at = Below(text.Length + 1);
        return text.Substring(at, Math.Min(length, text.Length - at));
    }
}

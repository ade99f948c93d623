using System.Globalization;

namespace A3.Torch.Data;

/// <summary>Halves of surrogate pairs in JSON, where <c>\ud83d</c> alone is allowed by the grammar and no text.</summary>
internal static class HalfSurrogate
{
    private const int EscapeLength = 6;

    /// <summary>
    /// Where in a string, as JSON writes it, the first half of a pair stands without the other: how many UTF-16 units of the string lie before
    /// it, and its escape; null where there is none.
    /// </summary>
    public static (int Units, string Escape)? First(ReadOnlySpan<char> json)
    {
        var (units, high) = (0, (string?)null);
        for (var at = 1; at < json.Length - 1; units++)
        {
            var (letter, length) = Letter(json[at..]);
            if (high is not null)
            {
                if (!char.IsLowSurrogate(letter))
                {
                    return (units - 1, high);
                }

                high = null;
            }
            else if (char.IsLowSurrogate(letter))
            {
                return (units, json.Slice(at, length).ToString());
            }
            else if (char.IsHighSurrogate(letter))
            {
                high = json.Slice(at, length).ToString();
            }

            at += length;
        }

        return high is null ? null : (units - 1, high);
    }

    /// <summary>The first UTF-16 unit, as far as it matters here, and how much of the text says it.</summary>
    private static (char Letter, int Length) Letter(ReadOnlySpan<char> json) => json switch
    {
        ['\\', 'u', ..] when json.Length > EscapeLength => ((char)ushort.Parse(json[2..EscapeLength], NumberStyles.HexNumber, CultureInfo.InvariantCulture), EscapeLength),
        ['\\', ..] => (json[1], 2),
        _ => (json[0], 1),
    };
}

using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace A3;

/// <summary>
/// Texts that are what they seem: UTF-8 without invalid bytes, UTF-16 without half surrogate pairs. Anything else is refused by its
/// place, never replaced by U+FFFD.
/// </summary>
public static class WellFormed
{
    /// <summary>The text as it is.</summary>
    /// <param name="text">UTF-16.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="A3Exception">It holds half a surrogate pair.</exception>
    public static string Text(string text, string name = "text")
    {
        var index = HalfPair(text);
        return index < 0 ? text : throw Broken(
            name,
            $"index {index}",
            $"U+{(int)text[index]:X4} is half a surrogate pair, which no UTF-8 can hold; give whole characters.");
    }

    /// <summary>The text of UTF-8.</summary>
    /// <param name="bytes">UTF-8 without a byte-order mark.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="first">Offset of the first of the bytes in what the name stands for.</param>
    /// <exception cref="A3Exception">A byte does not belong there.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string name, long first = 0)
    {
        var letters = new char[bytes.Length];
        var status = Utf8.ToUtf16(bytes, letters, out var read, out var written, replaceInvalidSequences: false);
        return status == OperationStatus.Done ? new(letters, 0, written) : throw Broken(
            name,
            $"offset {(first + read).ToString(CultureInfo.InvariantCulture)}",
            $"byte 0x{bytes[read]:X2} is not UTF-8; save the text as UTF-8.");
    }

    /// <summary>Index of the first half of a surrogate pair without the other, -1 for none.</summary>
    public static int HalfPair(ReadOnlySpan<char> text)
    {
        for (var index = 0; index < text.Length; index += 2)
        {
            var next = text[index..].IndexOfAnyInRange('\ud800', '\udfff');
            if (next < 0)
            {
                return -1;
            }

            index += next;
            if (index + 1 == text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
            {
                return index;
            }
        }

        return -1;
    }

    private static A3Exception Broken(string name, string place, string rule) =>
        new($"{name}, {place}: {rule}") { Input = name, Place = place, Rule = rule };
}

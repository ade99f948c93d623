using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>The one printable character that byte-level vocabularies write for each byte (GPT-2's table: a space is Ġ).</summary>
internal static class ByteAlphabet
{
    private static readonly char[] _characters = Characters();
    private static readonly Dictionary<char, byte> _bytes =
        Enumerable.Range(0, 256).ToDictionary(value => _characters[value], value => (byte)value);

    public static char Character(byte value) => _characters[value];

    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            text.Append(_characters[value]);
        }

        return text.ToString();
    }

    /// <summary>The bytes that a vocabulary entry spells; an entry with a character outside the alphabet is plain UTF-8.</summary>
    public static byte[] Bytes(string entry)
    {
        var bytes = new byte[entry.Length];
        for (var index = 0; index < entry.Length; index++)
        {
            if (!_bytes.TryGetValue(entry[index], out bytes[index]))
            {
                return Encoding.UTF8.GetBytes(entry);
            }
        }

        return bytes;
    }

    private static char[] Characters()
    {
        var characters = new char[256];
        var substitute = (char)256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            characters[value] = printable ? (char)value : substitute++;
        }

        return characters;
    }
}

using System.Globalization;
using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>How vocabulary entries become bytes of text.</summary>
/// <param name="ByteLevel">Each character stands for one byte.</param>
/// <param name="ByteFallback">Entries such as <c>&lt;0xE2&gt;</c> are one byte.</param>
/// <param name="Replacements">Texts replaced in entries, in order.</param>
/// <param name="StripsSpace">Whether one leading space is taken from a whole text.</param>
internal sealed record Decoding(
    bool ByteLevel,
    bool ByteFallback,
    IReadOnlyList<(string Pattern, string Content)> Replacements,
    bool StripsSpace)
{
    public byte[] Bytes(string entry)
    {
        if (ByteLevel)
        {
            return ByteAlphabet.Bytes(entry);
        }

        return ByteFallback && TryByte(entry, out var value)
            ? [value]
            : Encoding.UTF8.GetBytes(Replacements.Aggregate(
                entry, (text, replace) => text.Replace(replace.Pattern, replace.Content, StringComparison.Ordinal)));
    }

    private static bool TryByte(string entry, out byte value)
    {
        value = 0;
        return entry.Length == 6
            && entry.StartsWith("<0x", StringComparison.Ordinal)
            && entry[5] == '>'
            && byte.TryParse(entry.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>Reads <c>decoder</c>.</summary>
internal static class DecoderReader
{
    private const string Supported = "Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, Replace (of a String), Strip (after Fuse)";

    public static Decoding Read(JsonPlace place)
    {
        if (place.Missing)
        {
            throw place.Unsupported(Supported);
        }

        var (byteLevel, byteFallback, fused, strips) = (false, false, false, false);
        var replacements = new List<(string, string)>();
        foreach (var step in Pipeline.Steps(place, "decoders"))
        {
            switch (step["type"].Text())
            {
                case "ByteLevel":
                    byteLevel = true;
                    break;
                case "ByteFallback":
                    byteFallback = true;
                    break;
                case "Fuse":
                    fused = true;
                    break;
                case "Metaspace":
                    replacements.Add((step["replacement"].Character().ToString(), " "));
                    strips |= PreTokenizerReader.Scheme(step) != PrependScheme.Never;
                    break;
                case "Replace":
                    replacements.Add(Pipeline.Replacement(step));
                    break;
                case "Strip" when fused:
                    strips |= Strips(step);
                    break;
                default:
                    throw step["type"].Unsupported(Supported);
            }
        }

        Pipeline.CheckGrowth(place, replacements);
        return new Decoding(byteLevel, byteFallback, replacements, strips);
    }

    private static bool Strips(JsonPlace place)
        => (place["content"].Text(), place["start"].Count(), place["stop"].Count()) switch
        {
            (" ", 1, 0) => true,
            (_, 0, 0) => false,
            _ => throw place.Unsupported("one space at the start, nothing at the end"),
        };
}

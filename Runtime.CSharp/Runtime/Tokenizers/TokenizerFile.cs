using System.Text;
using A3.Runtime.Storage;

namespace A3.Runtime.Tokenizers;

/// <summary>Reads a file whole, within a bound.</summary>
internal static class TokenizerFile
{
    // The largest tokenizer.json in use (Gemma, 262,144 tokens) has 34 MB; parsed, a hostile one takes six times its length.
    private const int LongestJson = 1 << 27;

    // Gemma's tokenizer.model has 4 MB; each way to cut a piece in two may become a merge.
    private const int LongestModel = 1 << 25;

    /// <summary>The bytes, without a byte-order mark.</summary>
    /// <exception cref="TokenizerException">The file cannot be read, is too large, or is none.</exception>
    public static byte[] Read(string file)
    {
        var longest = Path.GetExtension(file) == ".json" ? LongestJson : LongestModel;
        var content = RegularFile.Read(file, longest, (given, rule, cause) => new TokenizerException(file, "", $"{given}; {rule}", cause));
        return content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
    }
}

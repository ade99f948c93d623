using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>Splits a word into the tokens that merging starts from.</summary>
internal interface ISymbols
{
    /// <summary>Appends the tokens of a word.</summary>
    /// <exception cref="InexpressibleException">A part of the word has none.</exception>
    void Split(ReadOnlySpan<char> word, List<int> symbols);

    /// <summary>The word as the vocabulary would spell it.</summary>
    string Spelling(ReadOnlySpan<char> word);

    /// <summary>Whether a token is one of the symbols.</summary>
    bool Holds(int id);
}

/// <summary>No token, no byte tokens and no unknown token stand for a part of a text.</summary>
internal sealed class InexpressibleException(string part) : Exception(part);

/// <summary>One symbol for each UTF-8 byte (GPT-2, LLaMA 3).</summary>
/// <param name="byteIds">[256], -1 where the vocabulary lacks the byte.</param>
/// <param name="unknownId">The token for missing bytes, if any.</param>
internal sealed class ByteSymbols(int[] byteIds, int? unknownId) : ISymbols
{
    public void Split(ReadOnlySpan<char> word, List<int> symbols)
    {
        foreach (var value in Utf8(word))
        {
            var id = byteIds[value];
            symbols.Add(id >= 0 ? id : unknownId ?? throw new InexpressibleException($"byte 0x{value:X2}"));
        }
    }

    public string Spelling(ReadOnlySpan<char> word) => ByteAlphabet.Text(Utf8(word));

    public bool Holds(int id) => byteIds.Contains(id);

    private static byte[] Utf8(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        return bytes;
    }
}

/// <summary>One symbol for each character, its bytes' tokens or the unknown token where the vocabulary lacks it (LLaMA 2).</summary>
/// <param name="characterIds">Tokens of one character.</param>
/// <param name="byteIds">[256] tokens such as <c>&lt;0xE2&gt;</c>, -1 where missing; empty without byte fallback.</param>
/// <param name="unknownId">The token for everything else, if any.</param>
/// <param name="fuseUnknown">Whether a run of unknown characters is one token.</param>
internal sealed class CharacterSymbols(
    Dictionary<Rune, int> characterIds,
    int[] byteIds,
    int? unknownId,
    bool fuseUnknown) : ISymbols
{
    public void Split(ReadOnlySpan<char> word, List<int> symbols)
    {
        var afterUnknown = false;
        foreach (var character in word.EnumerateRunes())
        {
            if (characterIds.TryGetValue(character, out var id))
            {
                symbols.Add(id);
                afterUnknown = false;
            }
            else if (TrySplitBytes(character, symbols))
            {
                afterUnknown = false;
            }
            else
            {
                var unknown = unknownId ?? throw new InexpressibleException($"'{character}' (U+{character.Value:X4})");
                if (!(fuseUnknown && afterUnknown))
                {
                    symbols.Add(unknown);
                }

                afterUnknown = true;
            }
        }
    }

    public string Spelling(ReadOnlySpan<char> word) => word.ToString();

    public bool Holds(int id) => byteIds.Contains(id) || characterIds.ContainsValue(id);

    private bool TrySplitBytes(Rune character, List<int> symbols)
    {
        if (byteIds.Length == 0)
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[4];
        var bytes = buffer[..character.EncodeToUtf8(buffer)];
        foreach (var value in bytes)
        {
            if (byteIds[value] < 0)
            {
                return false;
            }
        }

        foreach (var value in bytes)
        {
            symbols.Add(byteIds[value]);
        }

        return true;
    }
}

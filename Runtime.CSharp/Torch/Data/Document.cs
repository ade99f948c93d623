using A3.Runtime.Tokenizers;

namespace A3.Torch.Data;

/// <summary>One document as tokens, EOS at its end, with the places at which words and sentences start.</summary>
internal sealed record Document(int[] Tokens, int[] WordStarts, int[] SentenceStarts);

/// <summary>
/// Tokens as they lie in a cache, four bytes each: the id in the low bits, above it whether a word and whether a sentence starts here.
/// </summary>
internal static class MarkedTokens
{
    private const uint Sentence = 1u << 31;
    private const uint Word = 1u << 30;

    /// <summary>The tokens of a text, EOS at their end where the vocabulary has one; empty where the text has none.</summary>
    public static uint[] Of(string text, ITokenizer tokenizer)
    {
        int[] tokens = tokenizer.Encode(text, addBos: false);
        if (tokens.Length == 0)
        {
            return [];
        }

        tokens = [.. tokens, .. tokenizer.EosId is { } eos ? [eos] : Array.Empty<int>()];
        var (words, sentences) = TextBoundaries.Of(tokens, tokenizer);
        var marked = Array.ConvertAll(tokens, token => (uint)token);
        Mark(marked, words, Word);
        Mark(marked, sentences, Sentence);
        return marked;
    }

    /// <summary>
    /// A document in pieces of at most <paramref name="longest"/> tokens, cut where the last sentence of a piece starts, or
    /// anywhere where that would leave less than half of it.
    /// </summary>
    public static IEnumerable<ReadOnlyMemory<uint>> Pieces(uint[] tokens, int longest)
    {
        ReadOnlyMemory<uint> rest = tokens;
        while (rest.Length > longest)
        {
            var cut = longest;
            while (cut > longest / 2 && (rest.Span[cut] & Sentence) == 0)
            {
                cut--;
            }

            cut = cut > longest / 2 ? cut : longest;
            yield return rest[..cut];
            rest = rest[cut..];
        }

        yield return rest;
    }

    /// <summary>The document that these tokens are; a sentence starts at its first token in any case.</summary>
    public static Document Read(ReadOnlySpan<uint> marked)
    {
        var tokens = new int[marked.Length];
        var (words, sentences) = (new List<int>(), new List<int> { 0 });
        for (var index = 0; index < marked.Length; index++)
        {
            tokens[index] = IdOf(marked[index]);
            if ((marked[index] & Word) != 0)
            {
                words.Add(index);
            }

            if ((marked[index] & Sentence) != 0 && index > 0)
            {
                sentences.Add(index);
            }
        }

        return new Document(tokens, [.. words], [.. sentences]);
    }

    /// <summary>The id of a marked token.</summary>
    public static int IdOf(uint marked) => (int)(marked & ~(Word | Sentence));

    private static void Mark(uint[] marked, int[] places, uint bit)
    {
        foreach (var place in places)
        {
            marked[place] |= bit;
        }
    }
}

using System.Buffers;
using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>model</c> of type BPE.</summary>
internal static class ModelReader
{
    /// <param name="place">The value.</param>
    /// <param name="vocabulary">Every entry of <c>model.vocab</c>.</param>
    /// <param name="marks">Special tokens, which no text is spelt with even where the vocabulary has them.</param>
    /// <param name="byteLevel">Whether words become bytes.</param>
    public static BytePairModel Read(
        JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, IReadOnlySet<int> marks, bool byteLevel)
    {
        if (place["type"] is { Missing: false } type && type.Text() != "BPE")
        {
            throw type.Unsupported("BPE");
        }

        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (place[affix] is { Missing: false } text && text.Text().Length > 0)
            {
                throw text.Unsupported("null");
            }
        }

        if (place["dropout"] is { Missing: false } dropout && !dropout.IsZero)
        {
            throw dropout.Unsupported("null, 0");
        }

        var spelling = vocabulary.Values.Any(marks.Contains)
            ? vocabulary.Where(entry => !marks.Contains(entry.Value)).ToDictionary(StringComparer.Ordinal)
            : vocabulary;
        var symbols = Symbols(place, spelling, Unknown(place["unk_token"], vocabulary), byteLevel);
        var wholeWords = place["ignore_merges"].Flag(missing: false) ? spelling : null;
        return new BytePairModel(symbols, Merges(place["merges"], vocabulary, marks), wholeWords);
    }

    private static ISymbols Symbols(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, int? unknown, bool byteLevel)
    {
        var byteFallback = place["byte_fallback"].Flag(missing: false);
        var fuseUnknown = place["fuse_unk"].Flag(missing: false);
        return byteLevel
            ? new ByteSymbols(ByteIds(vocabulary, value => ByteAlphabet.Character(value).ToString()), unknown)
            : new CharacterSymbols(
                CharacterIds(vocabulary),
                byteFallback ? ByteIds(vocabulary, value => $"<0x{value:X2}>") : [],
                unknown,
                fuseUnknown);
    }

    private static int? Unknown(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary)
    {
        if (place.Missing)
        {
            return null;
        }

        return vocabulary.TryGetValue(place.Text(), out var id)
            ? id
            : throw place.Fail($"\"{Shown.Text(place.Text(), 60)}\" is not in model.vocab.");
    }

    private static int[] ByteIds(IReadOnlyDictionary<string, int> vocabulary, Func<byte, string> entry)
        => [.. Enumerable.Range(0, 256).Select(value => vocabulary.TryGetValue(entry((byte)value), out var id) ? id : -1)];

    /// <summary>The entries of one character.</summary>
    public static Dictionary<Rune, int> CharacterIds(IEnumerable<KeyValuePair<string, int>> vocabulary)
    {
        var ids = new Dictionary<Rune, int>();
        foreach (var (entry, id) in vocabulary)
        {
            var status = Rune.DecodeFromUtf16(entry, out var character, out var consumed);
            if (status == OperationStatus.Done && consumed == entry.Length)
            {
                ids[character] = id;
            }
        }

        return ids;
    }

    private static MergeTable Merges(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, IReadOnlySet<int> marks)
    {
        var items = place.Items().ToList();
        var merges = new MergeTable(items.Count);
        var rank = 0;
        foreach (var item in items)
        {
            var (left, right) = Pair(item);
            var (leftId, rightId, id) = (Id(item, left), Id(item, right), Id(item, left + right));
            if (!marks.Contains(id))
            {
                merges.Add(leftId, rightId, new Merge(rank, id));
            }

            rank++;
        }

        return merges;

        int Id(JsonPlace item, string entry) => vocabulary.TryGetValue(entry, out var id)
            ? id
            : throw item.Fail($"merges to or from \"{Shown.Text(entry, 60)}\", which is not in model.vocab.");
    }

    /// <summary>Merges are written as <c>"a b"</c> or as <c>["a", "b"]</c>.</summary>
    private static (string Left, string Right) Pair(JsonPlace item)
    {
        string[] parts = item.IsText
            ? item.Text().Split(' ')
            : [.. item.Items().Select(part => part.Text())];
        return parts is [{ Length: > 0 } left, { Length: > 0 } right]
            ? (left, right)
            : throw item.Fail($"has {parts.Length} parts; a merge has two, each at least one character.");
    }
}

using System.Buffers;
using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>model</c> of type BPE.</summary>
internal static class ModelReader
{
    public static BytePairModel Read(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, bool byteLevel)
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

        var symbols = Symbols(place, vocabulary, byteLevel);
        var wholeWords = place["ignore_merges"].Flag(missing: false) ? vocabulary : null;
        return new BytePairModel(symbols, Merges(place["merges"], vocabulary), wholeWords);
    }

    private static ISymbols Symbols(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, bool byteLevel)
    {
        var unknown = Unknown(place["unk_token"], vocabulary);
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
            : throw place.Fail($"\"{place.Text()}\" is not in model.vocab.");
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

    private static MergeTable Merges(JsonPlace place, IReadOnlyDictionary<string, int> vocabulary)
    {
        var items = place.Items().ToList();
        var merges = new MergeTable(items.Count);
        var rank = 0;
        foreach (var item in items)
        {
            var (left, right) = Pair(item);
            merges.Add(Id(item, left), Id(item, right), new Merge(rank++, Id(item, left + right)));
        }

        return merges;

        int Id(JsonPlace item, string entry) => vocabulary.TryGetValue(entry, out var id)
            ? id
            : throw item.Fail($"merges to or from \"{entry}\", which is not in model.vocab.");
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

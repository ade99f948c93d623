namespace A3.Runtime.Tokenizers;

/// <summary>The vocabulary a training grows: special tokens, bytes, then one token for each merge.</summary>
internal sealed class TrainedVocabulary
{
    public const int PadId = 0;
    public const int BosId = 1;
    public const int EosId = 2;
    public const int FirstByte = 3;

    public static readonly IReadOnlyList<string> Special = ["<pad>", "<s>", "</s>"];

    private readonly List<string> _entries = [.. Special];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(int Left, int Right)> _merges = [];

    public TrainedVocabulary()
    {
        for (var value = 0; value < 256; value++)
        {
            Add(ByteAlphabet.Character((byte)value).ToString());
        }
    }

    public int Count => _entries.Count;

    /// <summary>The entries in the order of their ids.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>The merges in the order in which they apply.</summary>
    public IEnumerable<(string Left, string Right)> Merges
        => _merges.Select(merge => (_entries[merge.Left], _entries[merge.Right]));

    /// <summary>The id of a merged pair: a new one, unless another pair spelled the same bytes before.</summary>
    public int Merge(int left, int right)
    {
        _merges.Add((left, right));
        var entry = _entries[left] + _entries[right];
        return _ids.TryGetValue(entry, out var id) ? id : Add(entry);
    }

    private int Add(string entry)
    {
        _ids.Add(entry, _entries.Count);
        _entries.Add(entry);
        return _entries.Count - 1;
    }
}

namespace A3.Runtime.Tokenizers;

/// <summary>What a pair of adjacent tokens becomes, and how early: lower ranks first, then from left to right.</summary>
internal readonly record struct Merge(int Rank, int Id);

/// <summary>The merges of a byte-pair vocabulary and the loop that applies them.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<long, Merge> _merges;

    public MergeTable(int capacity) => _merges = new Dictionary<long, Merge>(capacity);

    public int Count => _merges.Count;

    /// <summary>A later entry for the same pair replaces the earlier one, as in Hugging Face's reader.</summary>
    public void Add(int left, int right, Merge merge) => _merges[Key(left, right)] = merge;

    /// <summary>Whether a merge makes this token.</summary>
    public bool Makes(int id) => _merges.Values.Any(merge => merge.Id == id);

    /// <summary>Applies merges until none fits, in O(n log n): a linked list of symbols and a heap of candidate pairs.</summary>
    public void Apply(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2)
        {
            return;
        }

        var next = new int[count];
        var previous = new int[count];
        var candidates = new PriorityQueue<int, long>(count);
        for (var index = 0; index < count; index++)
        {
            next[index] = index + 1;
            previous[index] = index - 1;
            Consider(symbols, next, index, candidates);
        }

        while (candidates.TryDequeue(out var left, out var order))
        {
            if (!TryMerge(symbols, next, left, out var merge) || merge.Rank != (int)(order >> 32))
            {
                continue;
            }

            symbols[left] = merge.Id;
            Unlink(symbols, next, previous, next[left]);
            Consider(symbols, next, left, candidates);
            if (previous[left] >= 0)
            {
                Consider(symbols, next, previous[left], candidates);
            }
        }

        symbols.RemoveAll(symbol => symbol < 0);
    }

    private static void Unlink(List<int> symbols, int[] next, int[] previous, int index)
    {
        symbols[index] = -1;
        next[previous[index]] = next[index];
        if (next[index] < symbols.Count)
        {
            previous[next[index]] = previous[index];
        }
    }

    private void Consider(List<int> symbols, int[] next, int left, PriorityQueue<int, long> candidates)
    {
        if (TryMerge(symbols, next, left, out var merge))
        {
            candidates.Enqueue(left, ((long)merge.Rank << 32) | (uint)left);
        }
    }

    private bool TryMerge(List<int> symbols, int[] next, int left, out Merge merge)
    {
        merge = default;
        return symbols[left] >= 0
            && next[left] < symbols.Count
            && _merges.TryGetValue(Key(symbols[left], symbols[next[left]]), out merge);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}

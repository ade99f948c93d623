using A3.Kernels.Attention;

namespace A3.Runtime.Networks.Managed;

/// <summary>Attention of a pass's rows, each over the keys and values of its own sequence, its new content rows included.</summary>
internal sealed unsafe class ManagedAttention(Model.Architecture architecture, KeyValueLayout layout, int workers)
{
    private static readonly int TileRows = CachedAttention.TileRows;

    private readonly CachedAttention kernel = new(layout, workers);
    private readonly List<KeySet> keySets = [];
    private readonly List<Tile> tiles = [];
    private readonly int sharing = architecture.Heads / architecture.KvHeads;

    private int[] limits = [];
    private long keys;

    /// <summary>What the rows of one sequence attend to.</summary>
    /// <param name="Cache">Its keys and values.</param>
    /// <param name="Keys">How many there are, the pass's own included.</param>
    /// <param name="Masked">Whether some row may not attend to some key.</param>
    private readonly record struct KeySet(KeyValueCache Cache, int Keys, bool Masked);

    /// <summary>Neighbouring rows of one sequence.</summary>
    private readonly record struct Tile(int Sequence, int Row, int Count);

    /// <summary>Multiply-adds of one item, for the pool.</summary>
    public long ItemCost => 2L * TileRows * sharing * (keys / Math.Max(1, keySets.Count)) * architecture.HeadWidth;

    /// <summary>Items of work: tiles of rows, for each head of keys.</summary>
    public int Items => architecture.KvHeads * tiles.Count;

    /// <summary>Whether each item holds all rows of its sequence, so that no other one reads what they write to their head.</summary>
    public bool HasWholeSequences { get; private set; }

    /// <summary>
    /// Appends the ranks of a pass's content rows and finds out which row may attend to what; each sequence's rows follow those of the one
    /// before it, content rows first.
    /// </summary>
    public void Begin(ReadOnlySpan<PassRows> batch, ReadOnlySpan<KeyValueCache> caches, int rows)
    {
        keySets.Clear();
        tiles.Clear();
        keys = 0;
        HasWholeSequences = true;
        if (limits.Length < rows)
        {
            limits = new int[rows];
        }

        var longest = 0;
        for (int i = 0, row = 0; i < batch.Length; row += batch[i].Rows, i++)
        {
            keySets.Add(KeysOf(batch[i], caches[i], limits.AsSpan(row, batch[i].Rows)));
            AddTiles(i, row, batch[i].Rows);
            keys += keySets[i].Keys;
            HasWholeSequences &= batch[i].Rows <= TileRows;
            longest = Math.Max(longest, keySets[i].Keys);
        }

        kernel.Grow(longest);
    }

    /// <summary>From now on only the last rows of each sequence count, so many as it predicts; the others were taken out.</summary>
    public void KeepPredicting(ReadOnlySpan<PassRows> batch)
    {
        tiles.Clear();
        for (int i = 0, from = 0, to = 0; i < batch.Length; i++)
        {
            var kept = batch[i].Predictions;
            from += batch[i].Rows;
            limits.AsSpan(from - kept, kept).CopyTo(limits.AsSpan(to));
            AddTiles(i, to, kept);
            to += kept;
        }
    }

    /// <summary>The head of keys and the rows of an item.</summary>
    public (int KvHead, int FirstRow, int Rows) Item(int item)
    {
        var tile = tiles[item % tiles.Count];
        return (item / tiles.Count, tile.Row, tile.Count);
    }

    /// <summary>
    /// Works on some items. Queries are [rows, <paramref name="stride"/>] with the heads first, already rotated;
    /// <paramref name="attended"/> is [rows, query heads].
    /// </summary>
    public void Run(int worker, int layer, int start, int end, float* queries, nint stride, float* attended)
    {
        var width = (nint)architecture.Heads * architecture.HeadWidth;

        for (var item = start; item < end; item++)
        {
            var tile = tiles[item % tiles.Count];
            var kvHead = item / tiles.Count;
            var set = keySets[tile.Sequence];
            var reach = Reach(set, tile);

            var cached = set.Cache.Head(layer, kvHead);
            var own = limits.AsSpan(tile.Row, tile.Count);
            fixed (int* ranks = set.Masked ? set.Cache.Committed.Ranks : default)
            {
                for (var head = kvHead * sharing; head < (kvHead + 1) * sharing; head++)
                {
                    var offset = (nint)head * architecture.HeadWidth;
                    kernel.Run(
                        worker,
                        cached,
                        reach,
                        ranks,
                        own,
                        queries + tile.Row * stride + offset,
                        stride,
                        attended + tile.Row * width + offset,
                        width);
                }
            }
        }
    }

    /// <summary>Writes the highest rank that each row may attend to to its limit.</summary>
    private static KeySet KeysOf(in PassRows rows, KeyValueCache cache, Span<int> limits)
    {
        var content = rows.Content.Span;
        var queries = rows.Queries.Span;
        var lowest = int.MaxValue;

        for (var i = 0; i < content.Length; i++)
        {
            limits[i] = content[i].Rank;
            lowest = Math.Min(lowest, limits[i]);
        }

        for (var i = 0; i < queries.Length; i++)
        {
            limits[content.Length + i] = queries[i].Rank - 1;
            lowest = Math.Min(lowest, queries[i].Rank - 1);
        }

        var keys = cache.Length + content.Length;
        return new(cache, keys, cache.Committed.Ranks[..keys].ContainsAnyInRange(lowest + 1, int.MaxValue));
    }

    private void AddTiles(int sequence, int row, int count)
    {
        for (var done = 0; done < count; done += TileRows)
        {
            tiles.Add(new(sequence, row + done, Math.Min(TileRows, count - done)));
        }
    }

    /// <summary>How many keys, in order of arrival, hold all those that one of the rows may attend to.</summary>
    private int Reach(in KeySet set, in Tile tile)
    {
        if (!set.Masked)
        {
            return set.Keys;
        }

        var highest = int.MinValue;
        for (var i = 0; i < tile.Count; i++)
        {
            highest = Math.Max(highest, limits[tile.Row + i]);
        }

        var reach = set.Keys;
        while (reach > 0 && set.Cache.Committed.Ranks[reach - 1] > highest)
        {
            reach--;
        }

        return reach;
    }
}

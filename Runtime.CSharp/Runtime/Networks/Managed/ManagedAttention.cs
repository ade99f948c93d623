
namespace A3.Runtime.Networks.Managed;

/// <summary>Attention of a pass's rows, each over the keys and values of its own sequence, its new content rows included.</summary>
internal sealed unsafe class ManagedAttention(Model.Architecture architecture, KeyValueLayout layout, int workers)
{
    /// <summary>Rows that share a walk over the keys of a head: what the kernel takes at once.</summary>
    private static readonly int TileRows = PanelKernel.MostRows;

    private readonly AlignedBuffer[] sums = Buffers(workers, (long)TileRows * layout.ValueStride);
    private readonly List<Sight> sights = [];
    private readonly List<Tile> tiles = [];
    private readonly float scale = 1f / MathF.Sqrt(architecture.HeadWidth);
    private readonly int group = architecture.Heads / architecture.KvHeads;

    private AlignedBuffer[] scores = Buffers(workers, 0);
    private int scoreStride;
    private int[] limits = [];
    private long keys;

    /// <summary>What the rows of one sequence look at.</summary>
    /// <param name="Cache">Its keys and values.</param>
    /// <param name="Keys">How many there are, the pass's own included.</param>
    /// <param name="Masked">Whether some row may not see some key.</param>
    private readonly record struct Sight(KeyValueCache Cache, int Keys, bool Masked);

    /// <summary>Neighbouring rows of one sequence.</summary>
    private readonly record struct Tile(int Sight, int Row, int Count);

    /// <summary>Multiply-adds of one item, for the team.</summary>
    public long ItemCost => 2L * TileRows * group * (keys / Math.Max(1, sights.Count)) * architecture.HeadWidth;

    /// <summary>Items of work: tiles of rows, for each head of keys.</summary>
    public int Items => architecture.KvHeads * tiles.Count;

    /// <summary>Whether each item holds all rows of its sequence, so that no other one reads what they write to their head.</summary>
    public bool HasWholeSequences { get; private set; }

    /// <summary>
    /// Appends the ranks of a pass's content rows and finds out who may see what; each sequence's rows follow those of the one
    /// before it, content rows first.
    /// </summary>
    public void Begin(ReadOnlySpan<PassRows> batch, ReadOnlySpan<KeyValueCache> caches, int rows)
    {
        sights.Clear();
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
            sights.Add(See(batch[i], caches[i], limits.AsSpan(row, batch[i].Rows)));
            AddTiles(i, row, batch[i].Rows);
            keys += sights[i].Keys;
            HasWholeSequences &= batch[i].Rows <= TileRows;
            longest = Math.Max(longest, sights[i].Keys);
        }

        MakeRoom(longest);
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
            var sight = sights[tile.Sight];
            var reach = Reach(sight, tile);

            for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
            {
                var offset = (nint)head * architecture.HeadWidth;
                Score(worker, layer, kvHead, tile.Count, reach, sight.Cache, queries + tile.Row * stride + offset, stride);
                Gather(worker, layer, kvHead, tile, reach, sight, attended + tile.Row * width + offset, width);
            }
        }
    }

    /// <summary>Writes the highest rank that each row may see to its limit.</summary>
    private static Sight See(in PassRows rows, KeyValueCache cache, Span<int> limits)
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

    private void AddTiles(int sight, int row, int count)
    {
        for (var done = 0; done < count; done += TileRows)
        {
            tiles.Add(new(sight, row + done, Math.Min(TileRows, count - done)));
        }
    }

    private void MakeRoom(int longest)
    {
        if (longest > scoreStride)
        {
            var needed = (longest + KeyValueLayout.PageRows - 1) / KeyValueLayout.PageRows * KeyValueLayout.PageRows;
            scoreStride = Math.Max(needed, 2 * scoreStride);
            scores = Buffers(scores.Length, (long)TileRows * scoreStride);
        }
    }

    /// <summary>How many keys, in order of arrival, hold all those that one of the rows may see.</summary>
    private int Reach(in Sight sight, in Tile tile)
    {
        if (!sight.Masked)
        {
            return sight.Keys;
        }

        var highest = int.MinValue;
        for (var i = 0; i < tile.Count; i++)
        {
            highest = Math.Max(highest, limits[tile.Row + i]);
        }

        var reach = sight.Keys;
        while (reach > 0 && sight.Cache.Committed.Ranks[reach - 1] > highest)
        {
            reach--;
        }

        return reach;
    }

    /// <summary>Products of queries and keys, [rows, keys].</summary>
    private void Score(
        int worker, int layer, int kvHead, int count, int reach, KeyValueCache cache, float* queries, nint stride)
    {
        for (var key = 0; key < reach; key += PanelKernel.Columns)
        {
            PanelKernel.Multiply(
                queries,
                stride,
                count,
                cache.KeyPanel(layer, kvHead, key),
                PanelKernel.Columns,
                architecture.HeadWidth,
                scores[worker].Pointer + key,
                scoreStride,
                accumulate: false);
        }
    }

    /// <summary>Softmax of the scores, and the sum of values that it weighs: <paramref name="target"/> is [rows, head width].</summary>
    private void Gather(
        int worker, int layer, int kvHead, in Tile tile, int reach, in Sight sight, float* target, nint stride)
    {
        var inverses = stackalloc float[TileRows];
        fixed (int* ranks = sight.Cache.Committed.Ranks)
        {
            for (var i = 0; i < tile.Count; i++)
            {
                var weights = scores[worker].Pointer + (nint)i * scoreStride;
                inverses[i] = RowMath.Soften(weights, reach, sight.Masked ? ranks : null, limits[tile.Row + i], scale);
            }
        }

        var sum = sums[worker].Pointer;
        var last = layout.ValueStride - PanelKernel.Columns;
        for (var column = 0; ; column = Math.Min(column + PanelKernel.Columns, last))
        {
            // The last panel may overlap the one before it: the same sums are then written twice.
            Weigh(worker, layer, kvHead, tile.Count, reach, sight.Cache, column);
            if (column == last)
            {
                break;
            }
        }

        for (var i = 0; i < tile.Count; i++)
        {
            RowMath.Scale(sum + i * layout.ValueStride, inverses[i], architecture.HeadWidth, target + i * stride);
        }
    }

    /// <summary>The weighted sum of one panel of value columns, page by page: sums go on from memory, exactly.</summary>
    private void Weigh(int worker, int layer, int kvHead, int count, int reach, KeyValueCache cache, int column)
    {
        var target = sums[worker].Pointer + column;
        new Span<float>(sums[worker].Pointer, reach == 0 ? count * layout.ValueStride : 0).Clear();

        for (var key = 0; key < reach; key += KeyValueLayout.PageRows)
        {
            PanelKernel.Multiply(
                scores[worker].Pointer + key,
                scoreStride,
                count,
                cache.Value(layer, kvHead, key) + column,
                layout.ValueStride,
                Math.Min(KeyValueLayout.PageRows, reach - key),
                target,
                layout.ValueStride,
                accumulate: key > 0);
        }
    }

    private static AlignedBuffer[] Buffers(int count, long numbers) =>
        [.. Enumerable.Range(0, count).Select(_ => new AlignedBuffer(numbers))];
}

namespace A3.Runtime;

/// <summary>Attention of a pass's rows over the cached keys and values, its own content rows included.</summary>
internal sealed unsafe class ManagedAttention
{
    /// <summary>Rows that share a walk over the keys of a head: what the kernel takes at once.</summary>
    private const int TileRows = 4;

    private readonly Model.Architecture architecture;
    private readonly KeyValueCache cache;
    private readonly AlignedBuffer[] scores;
    private readonly AlignedBuffer[] sums;
    private readonly float scale;
    private readonly int group;

    private int[] limits = [];
    private int keys;
    private bool masked;

    public ManagedAttention(Model.Architecture architecture, KeyValueCache cache, int workers)
    {
        this.architecture = architecture;
        this.cache = cache;
        scores = Buffers(workers, (long)TileRows * cache.PaddedCapacity);
        sums = Buffers(workers, (long)TileRows * cache.ValueStride);
        scale = 1f / MathF.Sqrt(architecture.HeadWidth);
        group = architecture.Heads / architecture.KvHeads;
    }

    /// <summary>Multiply-adds of one item, for the team.</summary>
    public long ItemCost => 2L * TileRows * group * keys * architecture.HeadWidth;

    /// <summary>Appends the ranks of a pass's content rows, and finds out who may see what.</summary>
    public void Begin(ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        if (limits.Length < content.Length + queries.Length)
        {
            limits = new int[content.Length + queries.Length];
        }

        var ranks = cache.Ranks;
        var lowestLimit = int.MaxValue;
        for (var i = 0; i < content.Length; i++)
        {
            ranks[cache.Length + i] = content[i].Rank;
            limits[i] = content[i].Rank;
            lowestLimit = Math.Min(lowestLimit, limits[i]);
        }

        for (var i = 0; i < queries.Length; i++)
        {
            limits[content.Length + i] = queries[i].Rank - 1;
            lowestLimit = Math.Min(lowestLimit, limits[content.Length + i]);
        }

        keys = cache.Length + content.Length;
        masked = ranks[..keys].ContainsAnyInRange(lowestLimit + 1, int.MaxValue);
    }

    /// <summary>Items of work for so many rows: tiles of rows, for each head of keys.</summary>
    public int Items(int rows) => architecture.KvHeads * Tiles(rows);

    /// <summary>
    /// Works on some items. Queries are [rows, <paramref name="stride"/>] with the heads first, already rotated;
    /// <paramref name="attended"/>, [rows, query heads], is written from row <paramref name="first"/> on.
    /// </summary>
    public void Run(
        int worker, int layer, int first, int rows, int start, int end, float* queries, nint stride, float* attended)
    {
        var tiles = Tiles(rows - first);

        for (var item = start; item < end; item++)
        {
            var row = first + item % tiles * TileRows;
            var kvHead = item / tiles;
            var count = Math.Min(TileRows, rows - row);
            var reach = Reach(row, count);

            for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
            {
                var offset = (nint)head * architecture.HeadWidth;
                var width = (nint)architecture.Heads * architecture.HeadWidth;
                Score(worker, layer, kvHead, count, reach, queries + row * stride + offset, stride);
                Gather(worker, layer, kvHead, row, count, reach, attended + row * width + offset, width);
            }
        }
    }

    /// <summary>How many keys, in order of arrival, hold all those that one of the rows may see.</summary>
    private int Reach(int row, int count)
    {
        if (!masked)
        {
            return keys;
        }

        var highest = limits[row];
        for (var i = 1; i < count; i++)
        {
            highest = Math.Max(highest, limits[row + i]);
        }

        var reach = keys;
        while (reach > 0 && cache.Ranks[reach - 1] > highest)
        {
            reach--;
        }

        return reach;
    }

    /// <summary>Products of queries and keys, [rows, keys].</summary>
    private void Score(int worker, int layer, int kvHead, int count, int reach, float* queries, nint stride)
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
                cache.PaddedCapacity,
                accumulate: false);
        }
    }

    /// <summary>Softmax of the scores, and the sum of values that it weighs: <paramref name="target"/> is [rows, head width].</summary>
    private void Gather(int worker, int layer, int kvHead, int row, int count, int reach, float* target, nint stride)
    {
        var inverses = stackalloc float[TileRows];
        fixed (int* ranks = cache.Ranks)
        {
            for (var i = 0; i < count; i++)
            {
                var weights = scores[worker].Pointer + (nint)i * cache.PaddedCapacity;
                inverses[i] = RowMath.Soften(weights, reach, masked ? ranks : null, limits[row + i], scale);
            }
        }

        var sum = sums[worker].Pointer;
        var last = cache.ValueStride - PanelKernel.Columns;
        for (var column = 0; ; column = Math.Min(column + PanelKernel.Columns, last))
        {
            // The last panel may overlap the one before it: the same sums are then written twice.
            PanelKernel.Multiply(
                scores[worker].Pointer,
                cache.PaddedCapacity,
                count,
                cache.Value(layer, kvHead, 0) + column,
                cache.ValueStride,
                reach,
                sum + column,
                cache.ValueStride,
                accumulate: false);

            if (column == last)
            {
                break;
            }
        }

        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < architecture.HeadWidth; j++)
            {
                target[i * stride + j] = sum[i * cache.ValueStride + j] * inverses[i];
            }
        }
    }

    private static int Tiles(int rows) => (rows + TileRows - 1) / TileRows;

    private static AlignedBuffer[] Buffers(int count, long numbers) =>
        [.. Enumerable.Range(0, count).Select(_ => new AlignedBuffer(numbers))];
}

using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;

namespace A3.Kernels.Attention;

/// <summary>Attention of a few rows to the keys and values of a cache; each worker has a workspace of its own, which grows.</summary>
internal sealed unsafe class CachedAttention(KeyValueLayout layout, int workers)
{
    /// <summary>Rows that share one pass over the keys of a head: what the micro-kernel takes at once.</summary>
    public static readonly int TileRows = PanelKernel.MostRows;

    private readonly float scale = 1f / MathF.Sqrt(layout.HeadWidth);
    private readonly AlignedBuffer[] sums = Buffers(workers, (long)TileRows * layout.ValueStride);
    private AlignedBuffer[] scores = Buffers(workers, 0);
    private int scoreStride;

    /// <summary>Grows to hold so many keys.</summary>
    public void Grow(int keys)
    {
        if (keys > scoreStride)
        {
            var needed = (keys + KeyValueLayout.PageRows - 1) / KeyValueLayout.PageRows * KeyValueLayout.PageRows;
            scoreStride = Math.Max(needed, 2 * scoreStride);
            scores = Buffers(scores.Length, (long)TileRows * scoreStride);
        }
    }

    /// <summary>Attention outputs of at most <see cref="TileRows"/> rows of one head, 0 for rows that attend to nothing.</summary>
    /// <param name="worker">Whose workspace is used.</param>
    /// <param name="head">Keys and values.</param>
    /// <param name="keys">How many of them, in order of arrival.</param>
    /// <param name="ranks">Of the keys, with room for whole pages; null where every row attends to every key.</param>
    /// <param name="limits">Of each row, the highest rank that it attends to.</param>
    /// <param name="queries">[rows, head width], rotated, <paramref name="queryStride"/> apart.</param>
    /// <param name="queryStride">From one row of queries to the next.</param>
    /// <param name="outputs">[rows, head width], <paramref name="outputStride"/> apart.</param>
    /// <param name="outputStride">From one row of outputs to the next.</param>
    public void Run(
        int worker,
        in KeyValueHead head,
        int keys,
        int* ranks,
        ReadOnlySpan<int> limits,
        float* queries,
        nint queryStride,
        float* outputs,
        nint outputStride)
    {
        Score(worker, head, limits.Length, keys, queries, queryStride);
        var inverses = stackalloc float[TileRows];
        for (var row = 0; row < limits.Length; row++)
        {
            var weights = scores[worker].Pointer + (nint)row * scoreStride;
            inverses[row] = Softmax.AttentionWeights(weights, keys, ranks, limits[row], scale);
        }

        var last = layout.ValueStride - PanelKernel.Columns;
        for (var column = 0; ; column = Math.Min(column + PanelKernel.Columns, last))
        {
            // The last panel may overlap the one before it: the same sums are then written twice.
            Weigh(worker, head, limits.Length, keys, column);
            if (column == last)
            {
                break;
            }
        }

        var sum = sums[worker].Pointer;
        for (var row = 0; row < limits.Length; row++)
        {
            RowMath.Scale(sum + row * layout.ValueStride, inverses[row], layout.HeadWidth, outputs + row * outputStride);
        }
    }

    /// <summary>Products of queries and keys, [rows, keys].</summary>
    private void Score(int worker, in KeyValueHead head, int rows, int keys, float* queries, nint stride)
    {
        for (var key = 0; key < keys; key += PanelKernel.Columns)
        {
            PanelKernel.Multiply(
                queries,
                stride,
                rows,
                head.KeyPanel(key),
                PanelKernel.Columns,
                layout.HeadWidth,
                scores[worker].Pointer + key,
                scoreStride,
                accumulate: false);
        }
    }

    /// <summary>The weighted sum of one panel of value columns, page by page: sums go on from memory, exactly.</summary>
    private void Weigh(int worker, in KeyValueHead head, int rows, int keys, int column)
    {
        new Span<float>(sums[worker].Pointer, keys == 0 ? rows * layout.ValueStride : 0).Clear();
        for (var key = 0; key < keys; key += KeyValueLayout.PageRows)
        {
            PanelKernel.Multiply(
                scores[worker].Pointer + key,
                scoreStride,
                rows,
                head.Value(key) + column,
                layout.ValueStride,
                Math.Min(KeyValueLayout.PageRows, keys - key),
                sums[worker].Pointer + column,
                layout.ValueStride,
                accumulate: key > 0);
        }
    }

    private static AlignedBuffer[] Buffers(int count, long numbers) =>
        [.. Enumerable.Range(0, count).Select(_ => new AlignedBuffer(numbers))];
}

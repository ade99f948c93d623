using A3.Kernels.Memory;
using A3.Kernels.Products;

namespace A3.Kernels.Attention;

/// <summary>A sequence among the rows of a pass.</summary>
/// <param name="Keys">Its rows of keys and values.</param>
/// <param name="Queries">The rows that attend to them.</param>
internal sealed record SpanSequence(Interval Keys, Interval[] Queries);

/// <summary>Attention of rows to one span each of the keys of their sequence; heads that share keys follow one another.</summary>
/// <param name="Sequences">Whose intervals lie within the heads.</param>
/// <param name="Spans">Of every row of queries, counted from the first key of its sequence.</param>
/// <param name="Queries">[head, query row, width], not rotated yet.</param>
/// <param name="Keys">[KV head, key row, width], not rotated yet.</param>
/// <param name="Values">[KV head, key row, width].</param>
/// <param name="QueryRotations">Of rows of queries.</param>
/// <param name="KeyRotations">Of rows of keys.</param>
/// <param name="LogSumExps">[head, query row, 1], of the scores of every row: written forward, read backward.</param>
/// <param name="KvHeads">Heads of keys and values.</param>
/// <param name="Sharing">Heads of queries for each of them.</param>
/// <param name="Width">Of a head.</param>
internal sealed record SpanPass(
    SpanSequence[] Sequences,
    Interval[] Spans,
    Heads Queries,
    Heads Keys,
    Heads Values,
    RowRotations QueryRotations,
    RowRotations KeyRotations,
    Heads LogSumExps,
    int KvHeads,
    int Sharing,
    int Width)
{
    /// <summary>Of scores.</summary>
    public float Scale { get; } = 1f / MathF.Sqrt(Width);

    /// <summary>Numbers from one row of a workspace to the next, whole tiles.</summary>
    public int PaddedWidth { get; } = Padded(TileKernel.Columns, Width);

    /// <summary>Keys of the longest sequence, whole tiles.</summary>
    public int PaddedKeys { get; } =
        Padded(TileKernel.Columns, Sequences.Aggregate(1, (most, sequence) => Math.Max(most, sequence.Keys.Length)));

    /// <summary>Numbers of one head of keys in a workspace.</summary>
    public long HeadNumbers => (long)PaddedKeys * PaddedWidth;

    /// <summary>Numbers from one row of scores to the next; were it a power of two, rows would evict one another from a cache.</summary>
    public int ScoreStride => PaddedKeys + Workspace.LineNumbers;

    /// <summary>Items of work: sequences, for each head of keys.</summary>
    public int Items => Sequences.Length * KvHeads;

    /// <summary>Multiply-adds of an item, on average.</summary>
    public long ItemCost => Sequences.Sum(sequence => (long)sequence.Keys.Length * sequence.Queries.Sum(rows => rows.Length))
        * Sharing * Width / Math.Max(1, Sequences.Length);

    /// <summary>The next multiple of a number.</summary>
    public static int Padded(int multiple, int count) => (count + multiple - 1) / multiple * multiple;

    /// <summary>Columns of whole tiles that hold the spans of some rows.</summary>
    public Interval TilesOf(int first, int count)
    {
        var (low, high) = (int.MaxValue, 0);
        foreach (var span in Spans.AsSpan(first, count))
        {
            if (!span.IsEmpty)
            {
                (low, high) = (Math.Min(low, span.Start), Math.Max(high, span.End));
            }
        }

        return high == 0 ? default : new(low / TileKernel.Columns * TileKernel.Columns, Padded(TileKernel.Columns, high));
    }
}

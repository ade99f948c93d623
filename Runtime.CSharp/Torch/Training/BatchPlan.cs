using A3.Model;
using A3.Torch.Data;

namespace A3.Torch.Training;

/// <summary>A run of tokens of one document, to be put behind BOS.</summary>
internal readonly record struct Row(int Document, int Start, int Length)
{
    /// <summary>Positions it takes in a sequence, BOS included.</summary>
    public int Positions => Length + 1;
}

/// <summary>Where in the data a batch stands: its epoch, its window of documents, its place among the batches of the window.</summary>
internal readonly record struct DataPosition(long Epoch, long Window, long Batch);

/// <summary>
/// Which rows make up a batch: a pure function of (documents, seed, position), so that a resumed run reads on where it stopped.
/// Each epoch visits every document once in a shuffled order, window after window; memory holds one window.
/// </summary>
/// <remarks>
/// Rows of like length share a batch, so that little is padding; packed, each line of a batch is filled with rows, which must not see
/// each other (`Mask.real`).
/// </remarks>
internal sealed class BatchPlan(
    IReadOnlyList<Document> documents, int context, int batchTokens, double crop, Seed seed, bool packed = false)
{
    private const int BatchesPerWindow = 32;

    private readonly int windowRows = (int)Math.Clamp((long)BatchesPerWindow * batchTokens / context, 1, documents.Count);
    private readonly RowPicker picker = new(documents, context - 1, crop);
    private (long Epoch, long Window) held = (-1, -1);
    private IReadOnlyList<Row[][]> batches = [];

    private long Windows => (documents.Count + (long)windowRows - 1) / windowRows;

    /// <summary>The lines of the batch at a position; without packing, each is one row. Cheapest in ascending order.</summary>
    public Row[][] At(DataPosition position) => BatchesOf(position)[(int)position.Batch];

    /// <summary>Whether there is a batch at a position.</summary>
    public bool Holds(DataPosition position) =>
        position.Epoch >= 0 && position.Window >= 0 && position.Window < Windows && position.Batch >= 0 && position.Batch < BatchesOf(position).Count;

    /// <summary>The position after one.</summary>
    public DataPosition After(DataPosition position) =>
        position.Batch + 1 < BatchesOf(position).Count ? position with { Batch = position.Batch + 1 }
        : position.Window + 1 < Windows ? new DataPosition(position.Epoch, position.Window + 1, 0)
        : new DataPosition(position.Epoch + 1, 0, 0);

    /// <summary>The batches from a position on, without end.</summary>
    public IEnumerable<(DataPosition Position, Row[][] Lines)> From(DataPosition position)
    {
        for (; ; position = After(position))
        {
            yield return (position, At(position));
        }
    }

    private IReadOnlyList<Row[][]> BatchesOf(DataPosition position)
    {
        if (held != (position.Epoch, position.Window))
        {
            batches = Window(position.Window, SeedModule.derive(position.Epoch, seed));
            held = (position.Epoch, position.Window);
        }

        return batches;
    }

    private Row[][][] Window(long number, Seed draw)
    {
        var order = new ShuffledOrder(documents.Count, SeedModule.derive(0, draw));
        var first = number * windowRows;
        var rows = new Row[Math.Min(windowRows, documents.Count - first)];
        for (var index = 0; index < rows.Length; index++)
        {
            var document = (int)order[first + index];
            rows[index] = picker.Pick(document, SeedModule.derive(document + 1L, draw));
        }

        var shuffle = SeedModule.derive(-1 - number, draw);
        return packed ? Packed(rows, shuffle) : Shuffled([.. Padded(rows.OrderBy(row => row.Length))], shuffle);
    }

    /// <summary>Batches of rows of ascending length whose padded size stays within the budget.</summary>
    private IEnumerable<Row[][]> Padded(IEnumerable<Row> ascending)
    {
        var batch = new List<Row[]>();
        foreach (var row in ascending)
        {
            if (batch.Count > 0 && (batch.Count + 1L) * row.Positions > batchTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }

            batch.Add([row]);
        }

        yield return [.. batch];
    }

    /// <summary>Lines of rows, the longest row first into the first line that has room; batches of shuffled lines.</summary>
    private Row[][][] Packed(Row[] rows, Seed shuffle)
    {
        var lines = new List<(List<Row> Rows, int Room)>();
        foreach (var row in rows.OrderByDescending(row => row.Length))
        {
            var line = lines.FindIndex(line => line.Room >= row.Positions);
            if (line < 0)
            {
                line = lines.Count;
                lines.Add(([], context));
            }

            lines[line].Rows.Add(row);
            lines[line] = (lines[line].Rows, lines[line].Room - row.Positions);
        }

        Row[][] filled = [.. lines.Select(line => line.Rows.ToArray())];
        return [.. Shuffled(filled, shuffle).Chunk(batchTokens / context)];
    }

    private static T[] Shuffled<T>(T[] items, Seed seed) => [.. SeedModule.shuffle(items.Length, seed).Select(index => items[index])];
}

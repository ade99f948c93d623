using A3.Model;

namespace A3.Runtime;

/// <summary>A run of tokens of one document, to be put behind BOS.</summary>
internal readonly record struct Row(int Document, int Start, int Length);

/// <summary>
/// Which rows make up each step: a pure function of (documents, seed, step), so that a resumed run reads on where it stopped.
/// Each epoch visits every document once in a shuffled order; rows of like length share a batch, so that little is padding.
/// </summary>
internal sealed class BatchPlan(IReadOnlyList<Document> documents, int context, int batchTokens, double crop, Seed seed)
{
    private const int BatchesPerWindow = 32;
    private const int ShortestCrop = 12;

    private long firstStep;
    private int epoch = -1;
    private IReadOnlyList<Row[]> batches = [];

    /// <summary>The rows of a step; steps are cheapest in ascending order.</summary>
    public Row[] At(long step)
    {
        if (step < firstStep)
        {
            (firstStep, epoch, batches) = (0, -1, []);
        }

        while (step >= firstStep + batches.Count)
        {
            firstStep += batches.Count;
            batches = Epoch(++epoch);
        }

        return batches[(int)(step - firstStep)];
    }

    private List<Row[]> Epoch(int number)
    {
        var draw = SeedModule.derive(number, seed);
        var rows = SeedModule.shuffle(documents.Count, SeedModule.derive(0, draw))
            .Select(document => RowOf(document, SeedModule.derive(document + 1, draw)))
            .ToArray();
        var result = new List<Row[]>();
        var windowRows = Math.Max(1, BatchesPerWindow * batchTokens / context);
        foreach (var window in rows.Chunk(windowRows))
        {
            var cut = Cut(window.OrderBy(row => row.Length)).ToArray();
            var order = SeedModule.shuffle(cut.Length, SeedModule.derive(-1 - result.Count, draw));
            result.AddRange(order.Select(i => cut[i]));
        }

        return result;
    }

    /// <summary>Batches of rows of ascending length whose padded size stays within the budget.</summary>
    private IEnumerable<Row[]> Cut(IEnumerable<Row> ascending)
    {
        var batch = new List<Row>();
        foreach (var row in ascending)
        {
            if (batch.Count > 0 && (batch.Count + 1) * (row.Length + 1) > batchTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }

            batch.Add(row);
        }

        yield return [.. batch];
    }

    private Row RowOf(int index, Seed draw)
    {
        var document = documents[index];
        var room = context - 1;
        if (SeedModule.uniform(SeedModule.derive(0, draw)) < crop)
        {
            return Sentences(index, document, room, draw);
        }

        var starts = document.Tokens.Length <= room || SeedModule.uniform(SeedModule.derive(1, draw)) < 0.5 ? 1 : document.SentenceStarts.Length;
        var start = document.SentenceStarts[SeedModule.below(starts, SeedModule.derive(2, draw))];
        return new Row(index, start, Math.Min(room, document.Tokens.Length - start));
    }

    /// <summary>A random run of whole sentences, at least <see cref="ShortestCrop"/> tokens where the document has them.</summary>
    private static Row Sentences(int index, Document document, int room, Seed draw)
    {
        var starts = document.SentenceStarts;
        var first = SeedModule.below(starts.Length, SeedModule.derive(3, draw));
        var count = 1 + SeedModule.below(starts.Length - first, SeedModule.derive(4, draw));
        var start = starts[first];
        var end = first + count < starts.Length ? starts[first + count] : document.Tokens.Length;
        start = Math.Max(0, Math.Min(start, end - ShortestCrop));
        return new Row(index, start, Math.Min(room, end - start));
    }
}

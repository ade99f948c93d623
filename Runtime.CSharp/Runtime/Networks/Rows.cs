namespace A3.Runtime.Networks;

/// <summary>The rules of the rows of a pass, checked before any work by every network.</summary>
internal static class Rows
{
    /// <exception cref="ArgumentException">Names the row, its value and the rule.</exception>
    /// <exception cref="InvalidOperationException">Queries, but the network has no query stream.</exception>
    public static void Check(INetwork network, ReadOnlySpan<PassRows> batch)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            Check(network, batch[i]);

            for (var other = 0; other < i; other++)
            {
                if (ReferenceEquals(batch[i].Sequence, batch[other].Sequence))
                {
                    throw new ArgumentException(
                        $"batch[{other}] and batch[{i}] are one sequence; a sequence takes part in a pass once.", nameof(batch));
                }
            }
        }
    }

    private static void Check(INetwork network, in PassRows rows)
    {
        var sequence = rows.Sequence;
        var content = rows.Content.Span;
        var queries = rows.Queries.Span;
        var architecture = network.Architecture;

        if (!ReferenceEquals(sequence.Network, network))
        {
            throw new ArgumentException("the sequence belongs to another network; open it with this one.", nameof(rows));
        }

        if (queries.Length > 0 && architecture.QueryStream.IsAbsent)
        {
            throw new InvalidOperationException(
                "this checkpoint has no query stream (no model.query_embed): it predicts left to right only, until adapted by training.");
        }

        if (sequence.Length + content.Length > sequence.Capacity)
        {
            throw new ArgumentException(
                $"{content.Length} more rows, but the sequence holds {sequence.Length} of its {sequence.Capacity}.", nameof(content));
        }

        if ((uint)rows.Predicting > (uint)content.Length)
        {
            throw new ArgumentException(
                $"predictions of {rows.Predicting} content rows, but there are {content.Length}.", nameof(content));
        }

        for (var row = 0; row < content.Length; row++)
        {
            Within(nameof(content), row, "Token", content[row].Token, architecture.Vocabulary, "the vocabulary");
            Within(nameof(content), row, "Position", content[row].Position, architecture.Context, "the model's context");
            Within(nameof(content), row, "Rank", content[row].Rank, int.MaxValue, "an order of groups");
        }

        for (var row = 0; row < queries.Length; row++)
        {
            Within(nameof(queries), row, "Position", queries[row].Position, architecture.Context, "the model's context");
            Within(nameof(queries), row, "Rank", queries[row].Rank, int.MaxValue, "an order of groups");
        }
    }

    /// <summary>Builds no text unless it throws: a decode step allocates nothing.</summary>
    private static void Within(string rows, int row, string field, int value, int count, string what)
    {
        if ((uint)value >= (uint)count)
        {
            throw new ArgumentException($"{rows}[{row}].{field} = {value}, but {what} holds only 0..{count - 1}.", rows);
        }
    }
}

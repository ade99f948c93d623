namespace A3.Runtime;

/// <summary>The rules of the rows of a pass, checked before any work by every network.</summary>
internal static class Rows
{
    /// <exception cref="ArgumentException">Names the row, its value and the rule.</exception>
    /// <exception cref="InvalidOperationException">Queries, but the network has no query stream.</exception>
    public static void Check(
        Model.Architecture architecture,
        ISequence sequence,
        ReadOnlySpan<ContentRow> content,
        ReadOnlySpan<QueryRow> queries,
        int queryLogits,
        int contentLogits)
    {
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

        Sized(nameof(queryLogits), queryLogits, queries.Length, architecture.Vocabulary);
        if (contentLogits > 0)
        {
            Sized(nameof(contentLogits), contentLogits, content.Length, architecture.Vocabulary);
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

    private static void Sized(string name, int given, int rows, int vocabulary)
    {
        if (given != (long)rows * vocabulary)
        {
            throw new ArgumentException($"{given} numbers for {rows} rows of {vocabulary} logits.", name);
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

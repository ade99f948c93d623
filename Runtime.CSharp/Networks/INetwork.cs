namespace A3.Runtime;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>A committed token that runs through the content stream: its position (RoPE) and the rank of its group (attention).</summary>
internal readonly record struct ContentRow(int Token, int Position, int Rank);

/// <summary>An open position that runs through the query stream; it sees the content rows of ranks below its own.</summary>
internal readonly record struct QueryRow(int Position, int Rank);

/// <summary>One set of weights ready to run; safe to share between threads, each with sequences of its own.</summary>
internal interface INetwork : IDisposable
{
    Architecture Architecture { get; }

    /// <summary>A fresh sequence with room for <paramref name="capacity"/> content rows; the caller disposes of it.</summary>
    ISequence Open(int capacity);
}

/// <summary>The keys and values of one sequence, appended in the order of generation, and the one operation on them.</summary>
internal interface ISequence : IDisposable
{
    /// <summary>Content rows in the cache.</summary>
    int Length { get; }

    int Capacity { get; }

    /// <summary>
    /// One forward pass. A content row attends to every row, cached or new, whose rank is at most its own; a query row to
    /// every row whose rank is below its own; a row with nothing to attend to gets attention output 0. New content rows
    /// are appended to the cache, query rows leave no trace.
    /// </summary>
    /// <param name="content">Rows to append, in any order of ranks.</param>
    /// <param name="queries">Rows to predict.</param>
    /// <param name="queryLogits">[queries, vocabulary], written.</param>
    /// <param name="contentLogits">[content, vocabulary], written, or empty where nobody asks (the causal stream's predictions).</param>
    void Forward(
        ReadOnlySpan<ContentRow> content,
        ReadOnlySpan<QueryRow> queries,
        Span<float> queryLogits,
        Span<float> contentLogits);

    /// <summary>A sequence of its own with the same rows; the caller disposes of it.</summary>
    ISequence Fork();

    /// <summary>Forgets all cached rows from <paramref name="length"/> on.</summary>
    void Crop(int length);
}

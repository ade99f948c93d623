namespace A3.Runtime.Networks;

/// <summary>A committed token that runs through the content stream: its position (RoPE) and the rank of its group (attention).</summary>
internal readonly record struct ContentRow(int Token, int Position, int Rank);

/// <summary>An open position that runs through the query stream; it sees the content rows of ranks below its own.</summary>
internal readonly record struct QueryRow(int Position, int Rank);

/// <summary>What one sequence brings to a forward pass.</summary>
/// <param name="Sequence">Its cache; a sequence takes part in a pass once.</param>
/// <param name="Content">Rows to append, in any order of ranks.</param>
/// <param name="Queries">Rows to predict.</param>
/// <param name="Predicting">How many of the last content rows predict what follows them (the causal stream).</param>
internal readonly record struct PassRows(
    ISequence Sequence,
    ReadOnlyMemory<ContentRow> Content,
    ReadOnlyMemory<QueryRow> Queries,
    int Predicting = 0)
{
    /// <summary>Rows that run.</summary>
    public int Rows => Content.Length + Queries.Length;

    /// <summary>Rows of predictions: those of the last content rows, then those of the query rows.</summary>
    public int Predictions => Predicting + Queries.Length;
}

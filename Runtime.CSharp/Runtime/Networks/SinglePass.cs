namespace A3.Runtime.Networks;

/// <summary>One pass of one sequence with its logits copied out: for checks of the network, not for decoding.</summary>
internal static class SinglePass
{
    /// <summary>Runs the rows, and writes as many logits as there is room for.</summary>
    /// <param name="sequence">Whose rows they are.</param>
    /// <param name="content">Rows to append.</param>
    /// <param name="queries">Rows to predict.</param>
    /// <param name="queryLogits">[queries, vocabulary], written.</param>
    /// <param name="contentLogits">[content, vocabulary], written, or empty.</param>
    public static void Forward(
        this ISequence sequence,
        ContentRow[] content,
        QueryRow[] queries,
        Span<float> queryLogits,
        Span<float> contentLogits)
    {
        var vocabulary = sequence.Network.Architecture.Vocabulary;
        var predicting = contentLogits.IsEmpty ? 0 : content.Length;
        using var pass = sequence.Network.NewPass();
        var predictions = pass.Run([new(sequence, content, queries, predicting)]);

        for (var row = 0; row < predicting; row++)
        {
            predictions.Logits(row).CopyTo(contentLogits.Slice(row * vocabulary, vocabulary));
        }

        for (var row = 0; row < queries.Length; row++)
        {
            predictions.Logits(predicting + row).CopyTo(queryLogits.Slice(row * vocabulary, vocabulary));
        }
    }
}

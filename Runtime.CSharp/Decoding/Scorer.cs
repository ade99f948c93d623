using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>
/// log p(targets | evidence), token by token. One forward pass, or the fewest whose logits fit
/// <see cref="CountedSequence.LogitBudget"/>: query rows leave no trace, so splitting them changes nothing.
/// </summary>
internal static class Scorer
{
    /// <summary>
    /// Scores the targets of a canvas under its partition, by ascending position; evidence is not scored.
    /// </summary>
    public static ImmutableArray<TokenScore> Score(Canvas canvas, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);

        int[] tokens = [.. canvas.Tokens];
        var ranks = PartitionModule.groupOf(canvas.Partition);
        var queries = Enumerable.Range(0, tokens.Length)
            .Where(position => ranks[position] >= canvas.FirstTarget)
            .Select(position => new QueryRow(position, ranks[position]))
            .ToArray();
        ReadOnlySpan<ContentRow> content = PartitionRows.ContentBefore(canvas.GroupCount - 1, tokens, canvas.Partition);
        var scores = ImmutableArray.CreateBuilder<TokenScore>(queries.Length);
        using var sequence = new CountedSequence(canvas.Network, tokens.Length);

        foreach (var rows in queries.Chunk(CountedSequence.RowsPerPass(canvas.Vocabulary)))
        {
            cancellation.ThrowIfCancellationRequested();
            sequence.Forward(content, rows);
            content = [];

            for (var row = 0; row < rows.Length; row++)
            {
                var token = tokens[rows[row].Position];
                scores.Add(new(rows[row].Position, token, LogSoftmax.Of(sequence.Logits(row), token)));
            }
        }

        return scores.MoveToImmutable();
    }

    /// <summary>
    /// Scores the tokens from <paramref name="given"/> on, left to right through the content stream (law 8).
    /// </summary>
    /// <exception cref="ArgumentException">Too many tokens, or one that is not of the vocabulary.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Nothing is given: the first token has no prediction.</exception>
    public static ImmutableArray<TokenScore> ScoreCausal(
        INetwork network,
        ReadOnlySpan<int> tokens,
        int given = 1,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(given, 1);
        network.RequireFits(tokens.Length);
        network.RequireTokens(tokens);

        var scores = ImmutableArray.CreateBuilder<TokenScore>();
        using var sequence = new CountedSequence(network, Math.Max(1, tokens.Length));

        var chunk = CountedSequence.RowsPerPass(network.Architecture.Vocabulary);

        foreach (var rows in PartitionRows.Causal(tokens).SkipLast(1).Chunk(chunk))
        {
            cancellation.ThrowIfCancellationRequested();
            sequence.ForwardCausal(rows);

            for (var row = 0; row < rows.Length; row++)
            {
                var position = rows[row].Position + 1;

                if (position >= given)
                {
                    scores.Add(new(position, tokens[position], LogSoftmax.Of(sequence.Logits(row), tokens[position])));
                }
            }
        }

        return scores.ToImmutable();
    }
}

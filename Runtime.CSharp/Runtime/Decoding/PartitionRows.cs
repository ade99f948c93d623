using System.Collections.Immutable;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>The rows of a forward pass that a partition asks for.</summary>
internal static class PartitionRows
{
    /// <summary>The content rows of a group that has been committed.</summary>
    public static ContentRow[] Content(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, int rank)
    {
        var rows = new ContentRow[positions.Length];

        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new(tokens[positions[i]], positions[i], rank);
        }

        return rows;
    }

    /// <summary>The content rows of all groups of ranks below <paramref name="end"/>, in the order of ranks.</summary>
    public static ContentRow[] ContentBefore(int end, ReadOnlySpan<int> tokens, Partition partition)
    {
        var rows = new List<ContentRow>(tokens.Length);

        for (var rank = 0; rank < end; rank++)
        {
            rows.AddRange(Content(tokens, PartitionModule.group(rank, partition), rank));
        }

        return [.. rows];
    }

    /// <summary>As the other, of the positions that have a token.</summary>
    public static ContentRow[] ContentBefore(int end, CommittedTokens committed, Partition partition)
    {
        var rows = new List<ContentRow>(committed.Length);

        for (var rank = 0; rank < end; rank++)
        {
            rows.AddRange(Content(
                committed.Tokens, Array.FindAll(PartitionModule.group(rank, partition), committed.IsCommitted), rank));
        }

        return [.. rows];
    }

    /// <summary>The content rows of tokens that were drawn, in their order.</summary>
    public static ContentRow[] Content(ImmutableArray<DecodedToken> drawn, int rank) =>
        [.. drawn.Select(token => new ContentRow(token.Token, token.Position, rank))];

    /// <summary>Every token as a group of its own, left to right.</summary>
    public static ContentRow[] Causal(ReadOnlySpan<int> tokens)
    {
        var rows = new ContentRow[tokens.Length];

        for (var position = 0; position < rows.Length; position++)
        {
            rows[position] = new(tokens[position], position, position);
        }

        return rows;
    }

    /// <summary>The query rows of a group that is to be predicted.</summary>
    public static QueryRow[] Queries(ReadOnlySpan<int> positions, int rank)
    {
        var rows = new QueryRow[positions.Length];

        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new(positions[i], rank);
        }

        return rows;
    }
}

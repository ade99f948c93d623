namespace A3.Runtime.Networks;

/// <summary>What the cached rows of a sequence are, in the order of arrival: token, position and rank of each.</summary>
internal sealed class CommittedRows(int capacity)
{
    private readonly int[] tokens = new int[capacity];
    private readonly int[] positions = new int[capacity];
    private readonly int[] ranks = GC.AllocateArray<int>(capacity, pinned: true);

    /// <summary>The rank of each row, at a fixed address.</summary>
    public Span<int> Ranks => ranks;

    public void Set(int index, ContentRow row) => (tokens[index], positions[index], ranks[index]) = (row.Token, row.Position, row.Rank);

    /// <summary>The token before the position of a query, if one of the first <paramref name="count"/> rows that the query sees has it.</summary>
    public int? Preceding(QueryRow query, int count)
    {
        for (var searched = 0; searched < count; searched++)
        {
            var found = positions.AsSpan(searched, count - searched).IndexOf(query.Position - 1);
            if (found < 0)
            {
                return null;
            }

            searched += found;
            if (ranks[searched] < query.Rank)
            {
                return tokens[searched];
            }
        }

        return null;
    }

    /// <summary>The first rows, in memory of their own.</summary>
    public CommittedRows Copy(int count)
    {
        var copy = new CommittedRows(ranks.Length);
        tokens.AsSpan(0, count).CopyTo(copy.tokens);
        positions.AsSpan(0, count).CopyTo(copy.positions);
        ranks.AsSpan(0, count).CopyTo(copy.ranks);
        return copy;
    }
}

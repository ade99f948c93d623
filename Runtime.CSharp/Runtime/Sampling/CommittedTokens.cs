namespace A3.Runtime.Sampling;

/// <summary>
/// The sequence being decoded: which positions have a token, and where the text ends. Behind an end nothing stands and nothing is drawn
/// (law 16). Not thread-safe.
/// </summary>
internal sealed class CommittedTokens
{
    private const int Open = -1;

    private readonly int[] tokens;

    /// <param name="tokens">One per position; those of open positions mean nothing.</param>
    /// <param name="isOpen">Which positions have none yet.</param>
    public CommittedTokens(IReadOnlyList<int> tokens, Func<int, bool> isOpen)
        : this([.. tokens.Select((token, position) => isOpen(position) ? Open : token)], tokens.Count)
    {
        Last = Array.FindLastIndex(this.tokens, token => token != Open);
    }

    private CommittedTokens(int[] tokens, int length) => (this.tokens, Length) = (tokens, length);

    /// <summary>Positions up to the end of the text.</summary>
    public int Length { get; private set; }

    /// <summary>The last position with a token, -1 for none.</summary>
    public int Last { get; private set; }

    /// <summary>Whether the end of the text is settled, by a token or because the text was whole.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The tokens up to the end of the text; those of open positions mean nothing.</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, Length);

    public int this[int position] => tokens[position];

    /// <summary>Whether a position is part of the text and has no token yet.</summary>
    public bool IsOpen(int position) => position < Length && tokens[position] == Open;

    /// <summary>Whether a position has a token.</summary>
    public bool IsCommitted(int position) => position >= 0 && position < Length && tokens[position] != Open;

    /// <summary>Those of some positions that are part of the text.</summary>
    public int[] Within(int[] positions) =>
        Array.TrueForAll(positions, position => position < Length) ? positions : Array.FindAll(positions, position => position < Length);

    /// <summary>Writes a token; one that ends the text leaves nothing behind it.</summary>
    public void Commit(int position, int token, bool isEnd)
    {
        tokens[position] = token;
        Last = Math.Max(Last, position);

        if (isEnd)
        {
            (Length, HasEnded) = (position + 1, true);
        }
    }

    /// <summary>Positions that are to be drawn anew, while all others stay, and so does the end of the text.</summary>
    public CommittedTokens Reopened(IReadOnlyCollection<int> positions)
    {
        var copy = Copy();

        foreach (var position in positions)
        {
            copy.tokens[position] = Open;
        }

        copy.Last = Array.FindLastIndex(copy.tokens, Length - 1, token => token != Open);
        copy.HasEnded = true;
        return copy;
    }

    /// <summary>The same, to go on by itself.</summary>
    public CommittedTokens Copy() => new([.. tokens], Length) { Last = Last, HasEnded = HasEnded };
}

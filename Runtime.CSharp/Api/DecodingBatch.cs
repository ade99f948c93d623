using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A step of one of the decodes of a batch.</summary>
/// <param name="Row">Which of them, counted from 0.</param>
/// <param name="Step">What it committed.</param>
public sealed record BatchStep(int Row, DecodingStep Step);

/// <summary>Decodes side by side: the network reads its weights once for all of them.</summary>
/// <remarks>
/// Orders, lengths, gaps, algorithms and seeds may differ, and a row that is done can make room for the next decode while the
/// others go on; each row gets the tokens it gets alone (law 12), on the CPU with the same bits. Not safe to share between threads.
/// Disposing frees the caches of all rows.
/// </remarks>
public sealed class DecodingBatch : IDisposable
{
    private readonly List<DecodingSession> sessions;
    private readonly List<DecodeState> states;
    private readonly SortedSet<int> free = [];
    private readonly CacheBudget budget;
    private readonly IPass pass;
    private bool disposed;

    internal DecodingBatch(INetwork network, CacheBudget budget, IEnumerable<DecodingSession> sessions)
    {
        this.budget = budget;
        this.sessions = [.. sessions];
        states = [.. this.sessions.Select(session => session.State)];
        pass = network.NewPass();
    }

    /// <summary>The decodes by row; what the batch does they have done.</summary>
    public IReadOnlyList<DecodingSession> Sessions => sessions;

    /// <summary>
    /// Adds a decode, also between two steps of an enumeration under way, which serves it from its next round on. The batch disposes
    /// of it.
    /// </summary>
    /// <param name="session">Of the same model, wherever it stands.</param>
    /// <returns>Its row: the lowest that <see cref="Take"/> has freed, else a new one.</returns>
    /// <exception cref="A3Exception">
    /// Its cache does not fit in memory beside the others; the batch is as it was, and the session stays the caller's.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The batch or the session was disposed of.</exception>
    public int Add(DecodingSession session)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(session);
        var state = session.State;
        budget.Require([.. states.Where((_, row) => !free.Contains(row)).Append(state).Select(each => each.Capacity)]);

        if (free.Count == 0)
        {
            sessions.Add(session);
            states.Add(state);
            return states.Count - 1;
        }

        var row = free.Min;
        free.Remove(row);
        (sessions[row], states[row]) = (session, state);
        return row;
    }

    /// <summary>The finished text of a row; frees its cache, and the row for <see cref="Add"/>.</summary>
    /// <exception cref="InvalidOperationException">The row is not done.</exception>
    /// <exception cref="ObjectDisposedException">The batch was disposed of, or the row taken already.</exception>
    public DecodedText Take(int row)
    {
        ObjectDisposedException.ThrowIf(disposed, this);

        if (!sessions[row].IsDone)
        {
            throw new InvalidOperationException($"row {row} is not done; take it when Sessions[{row}].IsDone.");
        }

        try
        {
            return sessions[row].Complete();
        }
        finally
        {
            sessions[row].Dispose();
            free.Add(row);
        }
    }

    /// <summary>Goes on with all rows, each until it is done; a round serves each row once.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    /// <exception cref="ObjectDisposedException">The batch or one of its rows was disposed of.</exception>
    public IEnumerable<BatchStep> Steps(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        using var passes = DecodeLoop.RunPasses(states, pass, cancellation).GetEnumerator();

        while (Advance(passes))
        {
            // All of a pass are kept before the first is shown, so that breaking off here loses none.
            BatchStep[] steps =
                [.. passes.Current.Select(item => new BatchStep(item.Index, sessions[item.Index].Record(item.Step)))];

            foreach (var step in steps)
            {
                yield return step;
            }
        }
    }

    /// <summary>Goes on with all rows and gives the texts of those that were not taken, by row.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    public ImmutableArray<DecodedText> Complete(CancellationToken cancellation = default)
    {
        foreach (var _ in Steps(cancellation))
        {
            // The sessions keep their steps.
        }

        return [.. sessions.Where((_, row) => !free.Contains(row)).Select(session => session.Complete(cancellation))];
    }

    /// <summary>Frees the caches of all rows.</summary>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;

        foreach (var session in sessions)
        {
            session.Dispose();
        }

        pass.Dispose();
    }

    /// <summary>Time counts for every row: a pass serves them all.</summary>
    private bool Advance(IEnumerator<IReadOnlyList<(int Index, DecodingStep Step)>> passes)
    {
        foreach (var session in sessions)
        {
            session.StartClock();
        }

        var more = passes.MoveNext();

        foreach (var session in sessions)
        {
            session.StopClock();
        }

        return more;
    }
}

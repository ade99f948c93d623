using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Storage;

namespace A3;

/// <summary>A step of one of the decodes of a batch.</summary>
/// <remarks>Immutable: any number of threads may read it.</remarks>
/// <param name="Row">Which of them, counted from 0.</param>
/// <param name="Step">What it committed.</param>
public sealed record BatchStep(int Row, DecodingStep Step);

/// <summary>Decodes side by side: the network reads its weights once for all of them.</summary>
/// <remarks>
/// Orders, lengths, gaps, algorithms and seeds may differ, and a row that is done can make room for the next decode while the
/// others go on; each row gets the tokens it gets alone (law 12), on the CPU with the same bits.
/// <para>
/// A batch serves one call at a time, each step of an enumeration being one: a call from another thread meanwhile throws
/// <see cref="InvalidOperationException"/> and changes nothing. Between two steps every call is allowed. Disposing waits for the call that
/// runs, frees the caches of all rows, and may be done by any thread and more than once; what is called afterwards throws
/// <see cref="ObjectDisposedException"/>. A row whose session is disposed of by somebody else leaves the batch as if it had been taken, and
/// the other rows never notice.
/// </para>
/// </remarks>
public sealed class DecodingBatch : IDisposable
{
    private readonly INetwork network;
    private readonly CacheBudget budget;
    private readonly IPass pass;
    private readonly Leases leases = new("batch", most: 1);
    private readonly List<DecodeState> states = [];
    private readonly SortedSet<int> free = [];
    private volatile ImmutableList<DecodingSession> sessions = [];

    /// <summary>Takes all sessions over, or none where it throws.</summary>
    internal DecodingBatch(INetwork network, CacheBudget budget, IReadOnlyList<DecodingSession> sessions)
    {
        (this.network, this.budget) = (network, budget);
        var joined = 0;
        try
        {
            for (; joined < sessions.Count; joined++)
            {
                Join(sessions[joined], $"{nameof(sessions)}[{joined}]");
            }

            this.sessions = [.. sessions];
            states.AddRange(sessions.Select(session => session.State));
            RequireMemory();
            pass = network.NewPass();
        }
        catch
        {
            foreach (var session in sessions.Take(joined))
            {
                session.Leave();
            }

            throw;
        }
    }

    /// <summary>A batch of sessions of its own; none is left open where it throws.</summary>
    /// <exception cref="ArgumentException">A run was prepared by another model.</exception>
    /// <exception cref="A3Exception">Their caches together do not fit in memory, which is known before the first is made.</exception>
    internal static DecodingBatch Start(INetwork network, CacheBudget budget, IReadOnlyList<DecodingRun> runs)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(runs[i], $"{nameof(runs)}[{i}]");
            if (!ReferenceEquals(runs[i].Plan.Network, network))
            {
                throw new ArgumentException($"runs[{i}] was prepared by another model; prepare it by the one that starts it.", nameof(runs));
            }
        }

        budget.Require([.. runs.Select(run => run.Plan.Start().Capacity)]);
        var sessions = new List<DecodingSession>();
        try
        {
            sessions.AddRange(runs.Select(run => run.Begin()));
            return new(network, budget, sessions);
        }
        catch
        {
            sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>The decodes by row; what the batch does they have done. Those that are added later are not among them.</summary>
    public IReadOnlyList<DecodingSession> Sessions => sessions;

    /// <summary>
    /// Adds a decode, also between two steps of an enumeration under way, which serves it from its next round on. The batch disposes
    /// of it. A call that throws has changed nothing, and the session stays the caller's.
    /// </summary>
    /// <param name="session">Of the same model, in no batch, wherever it stands.</param>
    /// <returns>Its row: the lowest that is free, else a new one.</returns>
    /// <exception cref="ArgumentException">The session is of another model, or in a batch already.</exception>
    /// <exception cref="A3Exception">Its cache does not fit in memory beside the others.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the batch or the session.</exception>
    /// <exception cref="ObjectDisposedException">The batch or the session was disposed of.</exception>
    public int Add(DecodingSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        using var lease = Use();
        using var own = session.Use();
        FreeDisposed();
        RequireMemory(session.State);
        Join(session, nameof(session));

        if (free.Count == 0)
        {
            sessions = sessions.Add(session);
            states.Add(session.State);
            return states.Count - 1;
        }

        var row = free.Min;
        free.Remove(row);
        sessions = sessions.SetItem(row, session);
        states[row] = session.State;
        return row;
    }

    /// <summary>The finished text of a row; frees its cache, and the row for <see cref="Add"/>. A call that throws has changed nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">The row is not done, or another thread uses it or the batch.</exception>
    /// <exception cref="ObjectDisposedException">The batch was disposed of, or the row taken already.</exception>
    public DecodedText Take(int row)
    {
        using var lease = Use();
        if (row < 0 || row >= states.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(row), $"{row}", $"the batch has {states.Count} rows, counted from 0; give the row that Add returned.");
        }

        var session = sessions[row];
        if (!session.IsDone && !session.IsDisposed)
        {
            throw new InvalidOperationException($"row {row} is not done; take it when Sessions[{row}].IsDone.");
        }

        var text = session.Complete();
        session.Dispose();
        free.Add(row);
        return text;
    }

    /// <summary>
    /// Goes on with all rows, each until it is done; a round serves each row once. Where a row cannot go on, the steps of the others are
    /// given before it is thrown why.
    /// </summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the batch or one of its rows.</exception>
    /// <exception cref="ObjectDisposedException">The batch or its model was disposed of.</exception>
    public IEnumerable<BatchStep> Steps(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(leases.IsClosed, this);
        return Iterate(cancellation);
    }

    /// <summary>Goes on with all rows and gives the texts of those that are still there, by row.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the batch or one of its rows.</exception>
    /// <exception cref="ObjectDisposedException">The batch or its model was disposed of.</exception>
    public ImmutableArray<DecodedText> Complete(CancellationToken cancellation = default)
    {
        foreach (var _ in Steps(cancellation))
        {
            // The sessions keep their steps.
        }

        using var lease = Use();
        FreeDisposed();
        return [.. sessions.Where((_, row) => !free.Contains(row)).Select(session => session.Complete(cancellation))];
    }

    /// <summary>Frees the caches of all rows, once the call that runs has ended.</summary>
    public void Dispose()
    {
        if (!leases.Close())
        {
            return;
        }

        foreach (var session in sessions)
        {
            session.Dispose();
        }

        pass.Dispose();
    }

    private IEnumerable<BatchStep> Iterate(CancellationToken cancellation)
    {
        using var passes = DecodeLoop.RunPasses(states, pass, cancellation).GetEnumerator();

        while (Advance(passes) is { } steps)
        {
            foreach (var step in steps)
            {
                yield return step;
            }
        }
    }

    /// <summary>All steps of the next pass, kept before the first is shown, so that breaking off loses none; null when there are none left.</summary>
    private BatchStep[]? Advance(IEnumerator<IReadOnlyList<(int Row, DecodingStep Step)>> passes)
    {
        using var lease = Use();
        FreeDisposed();
        var served = new List<(DecodingSession Session, Leases.Lease Lease)>();
        try
        {
            Serve(served);
            return passes.MoveNext()
                ? [.. passes.Current.Select(item => new BatchStep(item.Row, sessions[item.Row].Record(item.Step)))]
                : null;
        }
        finally
        {
            foreach (var (session, own) in served)
            {
                session.End();
                own.Dispose();
            }
        }
    }

    /// <summary>Takes a lease of every row that is not done; time counts for all of them, whichever a pass serves.</summary>
    private void Serve(List<(DecodingSession Session, Leases.Lease Lease)> served)
    {
        foreach (var session in sessions.Where(session => !session.IsDone))
        {
            if (session.TryUse(out var own))
            {
                session.Begin();
                served.Add((session, own.Value));
            }
        }
    }

    private Leases.Lease Use() => leases.Take(this);

    /// <summary>Rows whose sessions were disposed of by others are free.</summary>
    private void FreeDisposed()
    {
        for (var row = 0; row < states.Count; row++)
        {
            if (sessions[row].IsDisposed)
            {
                free.Add(row);
            }
        }
    }

    private void RequireMemory(params IEnumerable<DecodeState> more) =>
        budget.Require([.. states.Where((_, row) => !free.Contains(row)).Concat(more).Select(state => state.Capacity)]);

    private void Join(DecodingSession session, string name)
    {
        ArgumentNullException.ThrowIfNull(session, name);
        ObjectDisposedException.ThrowIf(session.IsDisposed, session);
        if (!ReferenceEquals(session.Network, network))
        {
            throw new ArgumentException($"{name} is of another model; a batch runs sessions of the model that began it.", name);
        }

        if (!session.TryJoin())
        {
            throw new ArgumentException($"{name} is in a batch already; each session is in one batch, which disposes of it.", name);
        }
    }
}

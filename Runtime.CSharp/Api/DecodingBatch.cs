using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A step of one of the decodes of a batch.</summary>
/// <param name="Row">Which of them, counted from 0.</param>
/// <param name="Step">What it committed.</param>
public sealed record BatchStep(int Row, DecodingStep Step);

/// <summary>Decodes side by side: the network reads its weights once for all of them.</summary>
/// <remarks>
/// Orders, lengths, gaps, algorithms and seeds may differ; each row gets the tokens it gets alone (law 12), on the CPU with the
/// same bits. Not safe to share between threads. Disposing frees the caches of all rows.
/// </remarks>
public sealed class DecodingBatch : IDisposable
{
    private readonly ImmutableArray<DecodingSession> sessions;
    private readonly IPass pass;

    internal DecodingBatch(INetwork network, ImmutableArray<DecodingSession> sessions)
    {
        this.sessions = sessions;
        pass = network.NewPass();
    }

    /// <summary>The decodes; what the batch does they have done.</summary>
    public IReadOnlyList<DecodingSession> Sessions => sessions;

    /// <summary>Goes on with all rows, each until it is done; a round serves each row once.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    public IEnumerable<BatchStep> Steps(CancellationToken cancellation = default)
    {
        var states = sessions.Select(session => session.State).ToArray();
        using var steps = DecodeLoop.RunAll(states, pass, cancellation).GetEnumerator();

        while (Advance(steps))
        {
            yield return new(steps.Current.Index, sessions[steps.Current.Index].Record(steps.Current.Step));
        }
    }

    /// <summary>Goes on with all rows and gives their finished texts.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop, between passes; the batch can go on.</exception>
    public ImmutableArray<DecodedText> Complete(CancellationToken cancellation = default)
    {
        foreach (var _ in Steps(cancellation))
        {
            // The sessions keep their steps.
        }

        return [.. sessions.Select(session => session.Complete(cancellation))];
    }

    /// <summary>Frees the caches of all rows.</summary>
    public void Dispose()
    {
        foreach (var session in sessions)
        {
            session.Dispose();
        }

        pass.Dispose();
    }

    /// <summary>Time counts for every row: a pass serves them all.</summary>
    private bool Advance(IEnumerator<(int Index, DecodingStep Step)> steps)
    {
        foreach (var session in sessions)
        {
            session.StartClock();
        }

        var more = steps.MoveNext();

        foreach (var session in sessions)
        {
            session.StopClock();
        }

        return more;
    }
}

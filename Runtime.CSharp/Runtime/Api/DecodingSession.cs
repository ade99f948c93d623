using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Storage;

namespace A3;

using A3.Model;

/// <summary>A decode under way. It stands still between calls, can be forked at any step, and goes on where it stood.</summary>
/// <remarks>
/// A fork shares what is cached so far with its origin and decodes on its own; the two may run on two threads. A session serves one call at
/// a time: one from another thread meanwhile throws <see cref="InvalidOperationException"/> and changes nothing, but properties may be read
/// by any thread. Disposing waits for the call that runs, frees the cache, and may be done by any thread and more than once; what is called
/// afterwards throws <see cref="ObjectDisposedException"/>, and no other session notices.
/// </remarks>
public sealed class DecodingSession : IDisposable
{
    private readonly DecodingRun run;
    private readonly DecodeState state;
    private readonly Stopwatch clock = new();
    private readonly Leases leases = new("session", most: 1);
    private volatile ImmutableList<DecodingStep> steps;
    private volatile bool isDone;
    private IPass? pass;
    private int inBatch;

    internal DecodingSession(DecodingRun run)
        : this(run, new(run.Plan.Network, run.Plan.Start()), [])
    {
    }

    private DecodingSession(DecodingRun run, DecodeState state, ImmutableList<DecodingStep> steps) =>
        (this.run, this.state, this.steps, isDone) = (run, state, steps, state.IsFilled);

    /// <summary>Whether everything is filled.</summary>
    public bool IsDone => isDone;

    /// <summary>Runs of the network so far.</summary>
    public int ForwardPasses => state.Passes;

    /// <summary>The steps so far; those of later calls are not among them.</summary>
    public IReadOnlyList<DecodingStep> Steps => steps;

    /// <summary>For a batch, which holds a lease of the session while it uses it.</summary>
    internal DecodeState State => state;

    internal INetwork Network => run.Plan.Network;

    internal bool IsDisposed => leases.IsClosed;

    private IPass Pass => pass ??= state.Network.NewPass();

    /// <summary>The next step; null when there is none left. A call that throws has changed nothing.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop; the session can go on.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the session.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model was disposed of.</exception>
    public DecodingStep? Next(CancellationToken cancellation = default)
    {
        using var lease = Use();
        Begin();

        try
        {
            return DecodeLoop.Next(state, Pass, cancellation) is { } step ? Record(step) : null;
        }
        finally
        {
            End();
        }
    }

    /// <summary>
    /// Runs what is given, in a pass of its own, so that forks made now share it. Before the first step only; where nothing is left to run,
    /// it does nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">There were steps already, or another thread uses the session.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model was disposed of.</exception>
    public void Prefill()
    {
        using var lease = Use();
        if (steps.Count > 0)
        {
            throw new InvalidOperationException(
                $"the session has made {steps.Count} steps; prefill it before the first, afterwards all is cached anyway.");
        }

        if (!isDone && state.AskPrefill() is { Rows: > 0 } rows)
        {
            Pass.Run([rows]);
            state.TakePrefill();
        }
    }

    /// <summary>A session of its own that goes on from here; the caller disposes of it.</summary>
    /// <param name="seed">What it draws by from now on; null for the same, and so the same tokens.</param>
    /// <exception cref="InvalidOperationException">Another thread uses the session.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model was disposed of.</exception>
    public DecodingSession Fork(long? seed = null)
    {
        using var lease = Use();
        return new(run, state.Fork(seed is long number ? SeedModule.ofInt64(number) : null), steps);
    }

    /// <summary>Fills what is open and gives the finished text.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop; the session can go on.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the session.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model was disposed of.</exception>
    public DecodedText Complete(CancellationToken cancellation = default)
    {
        while (Next(cancellation) is not null)
        {
        }

        return run.Complete(steps);
    }

    /// <summary>Frees the cache, once the call that runs has ended.</summary>
    public void Dispose()
    {
        if (leases.Close())
        {
            state.Dispose();
            pass?.Dispose();
        }
    }

    /// <summary>Until the lease ends, nobody else uses the session and a disposal waits.</summary>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    internal Leases.Lease Use() => leases.Take(this);

    /// <summary>As <see cref="Use"/>; false where it was disposed of.</summary>
    internal bool TryUse([NotNullWhen(true)] out Leases.Lease? lease) => leases.TryTake(out lease);

    /// <summary>A session is in one batch at most, which disposes of it; false where it is in one already.</summary>
    internal bool TryJoin() => Interlocked.Exchange(ref inBatch, 1) == 0;

    /// <summary>Undoes <see cref="TryJoin"/>.</summary>
    internal void Leave() => Volatile.Write(ref inBatch, 0);

    /// <summary>Adds to a step what decoders do not know, and keeps it.</summary>
    internal DecodingStep Record(DecodingStep step)
    {
        var recorded = step with
        {
            Tokens = [.. step.Tokens.Select(token => token with { Text = run.Tokenizer.TokenText(token.Token) })],
            Origin = new(run),
            Elapsed = clock.Elapsed,
        };
        steps = steps.Add(recorded);
        return recorded;
    }

    /// <summary>A pass begins that serves the session, alone or among others: its clock runs.</summary>
    internal void Begin() => clock.Start();

    /// <summary>The pass has ended.</summary>
    internal void End()
    {
        clock.Stop();
        isDone = state.IsFilled;
    }
}

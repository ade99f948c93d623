using System.Diagnostics;

namespace A3.Runtime;

using A3.Model;

/// <summary>A decode under way. It stands still between calls, can be forked at any step, and goes on where it stood.</summary>
/// <remarks>
/// A fork shares what is cached so far with its origin and decodes on its own; the two may run on two threads. One session is not
/// safe to share between threads. Disposing frees its cache at once.
/// </remarks>
public sealed class DecodingSession : IDisposable
{
    private readonly DecodingRun run;
    private readonly DecodeState state;
    private readonly List<DecodingStep> steps;
    private readonly Stopwatch clock;
    private IPass? pass;
    private bool disposed;

    internal DecodingSession(DecodingRun run)
        : this(run, new(run.Plan.Network, run.Plan.Start()), [], new())
    {
    }

    private DecodingSession(DecodingRun run, DecodeState state, List<DecodingStep> steps, Stopwatch clock) =>
        (this.run, this.state, this.steps, this.clock) = (run, state, steps, clock);

    /// <summary>Whether everything is filled.</summary>
    public bool IsDone => state.IsDone;

    /// <summary>Runs of the network so far.</summary>
    public int ForwardPasses => state.Passes;

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<DecodingStep> Steps => steps;

    internal DecodeState State
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return state;
        }
    }

    private IPass Pass => pass ??= state.Network.NewPass();

    /// <summary>The next step; null when there is none left. A call that throws has changed nothing.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop; the session can go on.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model was disposed of.</exception>
    public DecodingStep? Next(CancellationToken cancellation = default)
    {
        clock.Start();

        try
        {
            return DecodeLoop.Next(State, Pass, cancellation) is { } step ? Record(step) : null;
        }
        finally
        {
            clock.Stop();
        }
    }

    /// <summary>Runs what is given, in a pass of its own, so that forks made now share it. Before the first step only.</summary>
    /// <exception cref="InvalidOperationException">There were steps already.</exception>
    public void Prefill()
    {
        if (steps.Count > 0)
        {
            throw new InvalidOperationException(
                $"the session has made {steps.Count} steps; prefill it before the first, afterwards all is cached anyway.");
        }

        Pass.Run([State.AskPrefill()]);
        State.TakePrefill();
    }

    /// <summary>A session of its own that goes on from here; the caller disposes of it.</summary>
    /// <param name="seed">What it draws by from now on; null for the same, and so the same tokens.</param>
    public DecodingSession Fork(long? seed = null)
    {
        var forked = State.Fork(seed is long number ? SeedModule.ofInt64(number) : null);
        return new(run, forked, [.. steps], new());
    }

    /// <summary>Fills what is open and gives the finished text.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop; the session can go on.</exception>
    public DecodedText Complete(CancellationToken cancellation = default)
    {
        while (Next(cancellation) is not null)
        {
        }

        return run.Complete(steps);
    }

    /// <summary>Frees the cache.</summary>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            state.Dispose();
            pass?.Dispose();
        }
    }

    /// <summary>Adds to a step what decoders do not know, and keeps it.</summary>
    internal DecodingStep Record(DecodingStep step)
    {
        var recorded = step with
        {
            Tokens = [.. step.Tokens.Select(token => token with { Text = run.Tokenizer.TokenText(token.Token) })],
            Elapsed = clock.Elapsed,
        };
        steps.Add(recorded);
        return recorded;
    }

    /// <summary>The clock runs while the session is served by a pass of many.</summary>
    internal void StartClock() => clock.Start();

    /// <summary>See <see cref="StartClock"/>.</summary>
    internal void StopClock() => clock.Stop();
}

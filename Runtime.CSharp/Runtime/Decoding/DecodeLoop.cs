using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using A3.Runtime.Networks;

namespace A3.Runtime.Decoding;

/// <summary>The one loop that runs decoders: alone, or several with one pass for all of them.</summary>
internal static class DecodeLoop
{
    /// <summary>Logits of a pass; at 32,000 tokens that is 2,000 rows in 256 MB.</summary>
    public const int LogitBudget = 1 << 26;

    /// <summary>Rows of a pass; more would only need more memory.</summary>
    public const int RowBudget = 1 << 14;

    /// <summary>Rows whose logits one pass may ask for; who has more asks for several passes.</summary>
    public static int RowsPerPass(int vocabulary) => Math.Max(1, LogitBudget / vocabulary);

    /// <summary>One decode from its start, step by step; cancellation throws between passes.</summary>
    public static IEnumerable<DecodingStep> Run(
        INetwork network, Func<IDecoder> start, CancellationToken cancellation = default)
    {
        using var state = new DecodeState(network, start());
        using var pass = network.NewPass();

        while (Next(state, pass, cancellation) is { } step)
        {
            yield return step;
        }
    }

    /// <summary>Passes until tokens are committed; null when there are none left.</summary>
    public static DecodingStep? Next(DecodeState state, IPass pass, CancellationToken cancellation)
    {
        while (!state.IsDone)
        {
            cancellation.ThrowIfCancellationRequested();
            var predictions = pass.Run([state.Request()]);

            if (state.Commit(new(predictions, 0)) is { } step)
            {
                return step;
            }
        }

        return null;
    }

    /// <summary>
    /// All decodes side by side, each until it is done; one pass serves as many as its budgets hold. The steps of a round in the
    /// order of the decodes.
    /// </summary>
    public static IEnumerable<(int Index, DecodingStep Step)> RunAll(
        IReadOnlyList<DecodeState> states, IPass pass, CancellationToken cancellation) =>
        RunPasses(states, pass, cancellation).SelectMany(committed => committed);

    /// <summary>
    /// As <see cref="RunAll"/>, by passes; between them decodes may be replaced, added and disposed of. Where one of a pass cannot go on, what
    /// the others committed is given first.
    /// </summary>
    public static IEnumerable<IReadOnlyList<(int Index, DecodingStep Step)>> RunPasses(
        IReadOnlyList<DecodeState> states, IPass pass, CancellationToken cancellation)
    {
        while (states.Any(state => !state.IsDone))
        {
            // Who is added during a round takes part from the next one on.
            var end = states.Count;

            for (var next = 0; next < end;)
            {
                cancellation.ThrowIfCancellationRequested();
                var (committed, failure) = RunSome(states, ref next, end, pass);
                yield return committed;
                failure?.Throw();
            }
        }
    }

    /// <summary>
    /// One pass for the decodes from <paramref name="next"/> to before <paramref name="end"/>, as many as the budgets hold.
    /// </summary>
    private static PassResult RunSome(IReadOnlyList<DecodeState> states, ref int next, int end, IPass pass)
    {
        var (batch, indices) = (new List<PassRows>(), new List<int>());
        var (rows, logits) = (0L, 0L);

        for (; next < end; next++)
        {
            if (states[next].IsDone)
            {
                continue;
            }

            var asked = states[next].Request();
            rows += asked.Rows;
            logits += (long)asked.Predictions * states[next].Network.Architecture.Vocabulary;

            if (batch.Count > 0 && (rows > RowBudget || logits > LogitBudget))
            {
                break;
            }

            batch.Add(asked);
            indices.Add(next);
        }

        return batch.Count == 0 ? new([], null) : Distribute(states, batch, indices, pass);
    }

    private static PassResult Distribute(
        IReadOnlyList<DecodeState> states, List<PassRows> batch, List<int> indices, IPass pass)
    {
        ExceptionDispatchInfo? failure = null;
        var committed = new List<(int Index, DecodingStep Step)>();
        var predictions = pass.Run(CollectionsMarshal.AsSpan(batch));
        var first = 0;

        for (var i = 0; i < batch.Count; i++)
        {
            try
            {
                if (states[indices[i]].Commit(new(predictions, first)) is { } step)
                {
                    committed.Add((indices[i], step));
                }
            }
            catch (Exception error)
            {
                failure ??= ExceptionDispatchInfo.Capture(error);
            }

            first += batch[i].Predictions;
        }

        return new(committed, failure);
    }

    /// <summary>What a pass has committed, and why one of its decodes, the first of them, cannot go on.</summary>
    private sealed record PassResult(List<(int Index, DecodingStep Step)> Committed, ExceptionDispatchInfo? Failure);
}

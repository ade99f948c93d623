using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Lets the model's own certainty choose the groups. Committing the set chosen at step t as group t keeps the run a
/// factorization: cached, replayable and scorable under the partition it returns. Query rows leave no trace, so a step costs
/// a query row per candidate and a content row per committed token.
/// </summary>
internal static class AdaptiveDecoder
{
    /// <summary>
    /// One step per chosen group; the target groups of the canvas are taken together as open positions.
    /// </summary>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas,
        Policy.Adaptive policy,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(sampling);

        return Committed(canvas, () => new(canvas, policy, sampling, seed), cancellation);
    }

    /// <summary>
    /// The authors' algorithm: everything committed is run anew at every step as one bidirectional group. Nothing can be cached,
    /// and the log-probabilities of the steps are not those of any one factorization.
    /// </summary>
    public static IEnumerable<DecodingStep> DecodeReference(
        Canvas canvas,
        Policy.Adaptive policy,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(sampling);

        return Reference(canvas, () => new(canvas, policy, sampling, seed), cancellation);
    }

    /// <summary>
    /// The partition that a run has decoded under: the evidence groups of its canvas, then its steps.
    /// </summary>
    public static Partition PartitionOf(Canvas canvas, IEnumerable<DecodingStep> steps)
    {
        var evidence = PartitionModule.groups(canvas.Partition).Take(canvas.FirstTarget);
        var chosen = steps.Select(step => step.Tokens.Select(token => token.Position).ToArray());
        return PartitionModule.create(canvas.FirstTarget, [.. evidence, .. chosen]);
    }

    private static IEnumerable<DecodingStep> Committed(Canvas canvas, Func<AdaptiveRun> start, CancellationToken cancellation)
    {
        var run = start();
        var content = PartitionRows.ContentBefore(canvas.FirstTarget, run.Tokens, canvas.Partition);
        using var sequence = new CountedSequence(canvas.Network, run.Tokens.Length);

        for (var rank = canvas.FirstTarget; run.Open.Length > 0; rank++)
        {
            cancellation.ThrowIfCancellationRequested();
            var candidates = run.Candidates();
            sequence.Forward(content, PartitionRows.Queries(candidates, rank));
            var drawn = run.Commit(rank - canvas.FirstTarget, candidates, sequence);

            content = [.. drawn.Select(token => new ContentRow(token.Token, token.Position, rank))];
            yield return new(rank - canvas.FirstTarget, sequence.Passes, drawn);
        }
    }

    private static IEnumerable<DecodingStep> Reference(Canvas canvas, Func<AdaptiveRun> start, CancellationToken cancellation)
    {
        var run = start();

        for (var step = 0; run.Open.Length > 0; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return new(step, step + 1, Reencode(canvas, run, step));
        }
    }

    private static ImmutableArray<DecodedToken> Reencode(Canvas canvas, AdaptiveRun run, int step)
    {
        int[] committed = [.. Enumerable.Range(0, run.Tokens.Length).Except(run.Open)];
        var candidates = run.Candidates();
        using var sequence = new CountedSequence(canvas.Network, run.Tokens.Length);
        sequence.Forward(PartitionRows.Content(run.Tokens, committed, 0), PartitionRows.Queries(candidates, 1));
        return run.Commit(step, candidates, sequence);
    }
}

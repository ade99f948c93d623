using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Lets the model's own certainty choose the groups. Committing the set chosen at step t as group t keeps the run a
/// factorization: cached, replayable and scorable under the partition it returns. Query rows leave no trace, so a step costs
/// a query row per candidate and a content row per committed token.
/// </summary>
internal sealed class AdaptiveDecoder : IDecoder
{
    private readonly AdaptiveRun run;
    private readonly int capacity;
    private int rank;
    private int cached;
    private ContentRow[] content;

    public AdaptiveDecoder(Canvas canvas, Policy.Adaptive policy, Sampler sampler)
    {
        run = new(canvas, policy, sampler);
        capacity = canvas.Tokens.Length;
        rank = canvas.FirstTarget;
        content = PartitionRows.ContentBefore(rank, run.Committed, canvas.Partition);
    }

    private AdaptiveDecoder(AdaptiveDecoder origin, Seed? seed)
    {
        (run, capacity) = (origin.run.Fork(seed), origin.capacity);
        (rank, cached, content) = (origin.rank, origin.cached, origin.content);
    }

    public int Capacity => capacity;

    public bool IsDone => run.Open.Length == 0;

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

        return DecodeLoop.Run(
            canvas.Network, () => new AdaptiveDecoder(canvas, policy, new(sampling, seed)), cancellation);
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

    public PassRequest Ask() => new(cached, content, PartitionRows.Queries(run.Candidates(), rank));

    public Commitment? Take(PassPredictions predictions)
    {
        var drawn = run.Commit(predictions);
        cached += content.Length;
        content = PartitionRows.Content(drawn, rank);
        rank++;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new AdaptiveDecoder(this, seed);
}

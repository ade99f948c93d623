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

    public AdaptiveDecoder(PartialSequence sequence, Policy.Adaptive policy, Sampler sampler)
    {
        run = new(sequence, policy, sampler);
        capacity = sequence.Tokens.Length;
        rank = sequence.FirstTarget;
        content = PartitionRows.ContentBefore(rank, run.Committed, sequence.Partition);
    }

    private AdaptiveDecoder(AdaptiveDecoder origin, Seed? seed)
    {
        (run, capacity) = (origin.run.Fork(seed), origin.capacity);
        (rank, cached, content) = (origin.rank, origin.cached, origin.content);
    }

    public int Capacity => capacity;

    public bool IsDone => run.Open.Length == 0;

    /// <summary>
    /// One step per chosen group; the target groups of the sequence are taken together as open positions.
    /// </summary>
    public static IEnumerable<DecodingStep> Decode(
        PartialSequence sequence,
        Policy.Adaptive policy,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(sampling);

        return DecodeLoop.Run(
            sequence.Network, () => new AdaptiveDecoder(sequence, policy, new(sampling, seed)), cancellation);
    }

    /// <summary>
    /// The partition that a run has decoded under: the evidence groups of its sequence, then its steps.
    /// </summary>
    public static Partition PartitionOf(PartialSequence sequence, IEnumerable<DecodingStep> steps)
    {
        var evidence = PartitionModule.groups(sequence.Partition).Take(sequence.FirstTarget);
        var chosen = steps.Select(step => step.Tokens.Select(token => token.Position).ToArray());
        return PartitionModule.create(sequence.FirstTarget, [.. evidence, .. chosen]);
    }

    public PassRequest Request() => new(cached, content, PartitionRows.Queries(run.Candidates(), rank));

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var drawn = run.Commit(predictions);
        cached += content.Length;
        content = PartitionRows.Content(drawn, rank);
        rank++;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new AdaptiveDecoder(this, seed);
}

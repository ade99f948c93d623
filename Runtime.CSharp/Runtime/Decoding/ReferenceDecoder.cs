using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// The adaptive algorithm of the authors' code: everything committed is run anew at every step as one bidirectional group.
/// Nothing can be cached, and the log-probabilities of the steps are not those of any one factorization.
/// </summary>
internal sealed class ReferenceDecoder : IDecoder
{
    private readonly AdaptiveRun run;

    public ReferenceDecoder(PartialSequence sequence, Policy.Adaptive policy, Sampler sampler)
        : this(new(sequence, policy, sampler), sequence.Tokens.Length)
    {
    }

    private ReferenceDecoder(AdaptiveRun run, int capacity) => (this.run, Capacity) = (run, capacity);

    public int Capacity { get; }

    public bool IsDone => run.Open.Length == 0;

    /// <summary>One step per chosen group; the target groups of the sequence are taken together as open positions.</summary>
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
            sequence.Network, () => new ReferenceDecoder(sequence, policy, new(sampling, seed)), cancellation);
    }

    public PassRequest Request()
    {
        int[] committed = [.. Enumerable.Range(0, run.Committed.Length).Where(run.Committed.IsCommitted)];
        return new(0, PartitionRows.Content(run.Committed.Tokens, committed, 0), PartitionRows.Queries(run.Candidates(), 1));
    }

    public CommittedGroup? Commit(PassPredictions predictions) => new(run.Commit(predictions));

    public IDecoder Fork(Seed? seed) => new ReferenceDecoder(run.Fork(seed), Capacity);
}

using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Samples a partition's target groups in order, running everything committed anew at every step: the oracle of law 9.
/// </summary>
internal sealed class UncachedDecoder(PartialSequence sequence, Sampler sampler) : IDecoder
{
    private CommittedTokens committed = sequence.Start();
    private int rank = sequence.FirstTarget;

    public int Capacity => sequence.Tokens.Length;

    public bool IsDone => rank == sequence.GroupCount;

    private int[] Positions => committed.Within(PartitionModule.group(rank, sequence.Partition));

    /// <summary>One step per target group; cancellation throws between steps.</summary>
    public static IEnumerable<DecodingStep> Decode(
        PartialSequence sequence, SamplingOptions sampling, Seed seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(sampling);

        return DecodeLoop.Run(
            sequence.Network, () => new UncachedDecoder(sequence, new(sampling, seed)), cancellation);
    }

    public PassRequest Request() => new(
        0, PartitionRows.ContentBefore(rank, committed, sequence.Partition), PartitionRows.Queries(Positions, rank));

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var drawn = predictions.Draw(Positions, sampler, committed);
        rank++;

        while (!IsDone && Positions.Length == 0)
        {
            rank++;
        }

        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new UncachedDecoder(sequence, sampler.Reseeded(seed))
    {
        committed = committed.Copy(),
        rank = rank,
    };
}

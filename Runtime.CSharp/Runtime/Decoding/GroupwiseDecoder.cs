using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Samples a partition's target groups in order, cached and exact: keys and values of a group depend only on groups up to its
/// own, so each is computed once. One pass per group: content rows of the group just sampled, query rows of the next.
/// </summary>
/// <remarks>
/// Evidence of any structure is prefilled in the pass of the first queries; the last group's content is never run.
/// </remarks>
internal sealed class GroupwiseDecoder : IDecoder
{
    private readonly PartialSequence sequence;
    private readonly Sampler sampler;
    private readonly CommittedTokens committed;
    private readonly int end;
    private int rank;
    private int cached;
    private ContentRow[] content;

    public GroupwiseDecoder(PartialSequence sequence, Sampler sampler)
        : this(sequence, sampler, sequence.Start(), sequence.GroupCount)
    {
    }

    /// <summary>Up to some group, for what is committed first.</summary>
    /// <param name="sequence">What is filled.</param>
    /// <param name="sampler">How.</param>
    /// <param name="committed">Its tokens; the decoder commits to them.</param>
    /// <param name="end">The rank of the first group that it leaves alone.</param>
    public GroupwiseDecoder(PartialSequence sequence, Sampler sampler, CommittedTokens committed, int end)
    {
        (this.sequence, this.sampler, this.committed, this.end) = (sequence, sampler, committed, end);
        rank = sequence.FirstTarget;
        content = PartitionRows.ContentBefore(rank, committed, sequence.Partition);
    }

    private GroupwiseDecoder(GroupwiseDecoder origin, Sampler sampler, CommittedTokens committed)
    {
        (sequence, this.sampler, this.committed, end) = (origin.sequence, sampler, committed, origin.end);
        (rank, cached, content) = (origin.rank, origin.cached, origin.content);
    }

    public int Capacity => sequence.Tokens.Length;

    public bool IsDone => rank == end;

    private int[] Positions => committed.Within(PartitionModule.group(rank, sequence.Partition));

    /// <summary>One step per target group; cancellation throws between steps.</summary>
    public static IEnumerable<DecodingStep> Decode(
        PartialSequence sequence, SamplingOptions sampling, Seed seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(sampling);

        return DecodeLoop.Run(
            sequence.Network, () => new GroupwiseDecoder(sequence, new(sampling, seed)), cancellation);
    }

    public PassRequest Request() => new(cached, content, PartitionRows.Queries(Positions, rank));

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var drawn = predictions.Draw(Positions, sampler, committed);
        cached += content.Length;
        content = PartitionRows.Content(drawn, rank);
        rank++;

        // Groups behind the end of the text are left out.
        while (rank < end && Positions.Length == 0)
        {
            rank++;
        }

        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => Fork(seed, committed.Copy());

    /// <summary>As the other, on tokens of the caller's.</summary>
    public GroupwiseDecoder Fork(Seed? seed, CommittedTokens tokens) => new(this, sampler.Reseeded(seed), tokens);
}

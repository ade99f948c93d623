namespace A3.Runtime;

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
    private readonly Canvas canvas;
    private readonly Sampler sampler;
    private readonly int[] tokens;
    private int rank;
    private int cached;
    private ContentRow[] content;

    public GroupwiseDecoder(Canvas canvas, Sampler sampler)
    {
        this.canvas = canvas;
        this.sampler = sampler;
        tokens = [.. canvas.Tokens];
        rank = canvas.FirstTarget;
        content = PartitionRows.ContentBefore(rank, tokens, canvas.Partition);
    }

    private GroupwiseDecoder(GroupwiseDecoder origin, Sampler sampler)
    {
        (canvas, this.sampler, tokens) = (origin.canvas, sampler, [.. origin.tokens]);
        (rank, cached, content) = (origin.rank, origin.cached, origin.content);
    }

    public int Capacity => tokens.Length;

    public bool IsDone => rank == canvas.GroupCount;

    private int[] Positions => PartitionModule.group(rank, canvas.Partition);

    /// <summary>One step per target group; cancellation throws between steps.</summary>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas, SamplingOptions sampling, Seed seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(sampling);

        return DecodeLoop.Run(
            canvas.Network, () => new GroupwiseDecoder(canvas, new(sampling, seed)), cancellation);
    }

    public PassRequest Ask() => new(cached, content, PartitionRows.Queries(Positions, rank));

    public Commitment? Take(PassPredictions predictions)
    {
        var positions = Positions;
        var drawn = predictions.Draw(positions, sampler);
        PartitionRows.Commit(drawn, tokens);
        cached += content.Length;
        content = PartitionRows.Content(tokens, positions, rank);
        rank++;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new GroupwiseDecoder(this, sampler.Reseeded(seed));
}

using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Samples a partition's target groups in order, running everything committed anew at every step: the oracle of law 9.
/// </summary>
internal sealed class UncachedDecoder(Canvas canvas, Sampler sampler) : IDecoder
{
    private CommittedTokens committed = canvas.Start();
    private int rank = canvas.FirstTarget;

    public int Capacity => canvas.Tokens.Length;

    public bool IsDone => rank == canvas.GroupCount;

    private int[] Positions => committed.Within(PartitionModule.group(rank, canvas.Partition));

    /// <summary>One step per target group; cancellation throws between steps.</summary>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas, SamplingOptions sampling, Seed seed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(sampling);

        return DecodeLoop.Run(
            canvas.Network, () => new UncachedDecoder(canvas, new(sampling, seed)), cancellation);
    }

    public PassRequest Ask() => new(
        0, PartitionRows.ContentBefore(rank, committed, canvas.Partition), PartitionRows.Queries(Positions, rank));

    public Commitment? Take(PassPredictions predictions)
    {
        var drawn = predictions.Draw(Positions, sampler, committed);
        rank++;

        while (!IsDone && Positions.Length == 0)
        {
            rank++;
        }

        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new UncachedDecoder(canvas, sampler.Reseeded(seed))
    {
        committed = committed.Copy(),
        rank = rank,
    };
}

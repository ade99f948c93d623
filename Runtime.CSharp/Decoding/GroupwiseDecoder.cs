namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Samples a partition's target groups in order, cached and exact: keys and values of a group depend only on groups up to its
/// own, so each is computed once. One pass per group: content rows of the group just sampled, query rows of the next.
/// </summary>
/// <remarks>
/// Evidence of any structure is prefilled in the pass of the first queries; the last group's content is never run.
/// </remarks>
internal static class GroupwiseDecoder
{
    /// <summary>One step per target group; cancellation throws between steps.</summary>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(sampling);

        return Steps(canvas, sampling, seed, cancellation);
    }

    private static IEnumerable<DecodingStep> Steps(
        Canvas canvas,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation)
    {
        var partition = canvas.Partition;
        int[] tokens = [.. canvas.Tokens];
        var sampler = new Sampler(sampling, seed, canvas.Vocabulary);
        var content = PartitionRows.ContentBefore(canvas.FirstTarget, tokens, partition);
        using var sequence = new CountedSequence(canvas.Network, tokens.Length);

        for (var rank = canvas.FirstTarget; rank < canvas.GroupCount; rank++)
        {
            cancellation.ThrowIfCancellationRequested();
            var positions = PartitionModule.group(rank, partition);
            sequence.Forward(content, PartitionRows.Queries(positions, rank));

            var drawn = sampler.DrawAll(positions, sequence);
            PartitionRows.Commit(drawn, tokens);
            content = PartitionRows.Content(tokens, positions, rank);
            yield return new(rank - canvas.FirstTarget, sequence.Passes, drawn);
        }
    }
}

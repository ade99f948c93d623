using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Samples a partition's target groups in order, running everything committed anew at every step: the oracle of law 9.
/// </summary>
internal static class UncachedDecoder
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
        int[] tokens = [.. canvas.Tokens];
        var sampler = new Sampler(sampling, seed, canvas.Vocabulary);

        for (var rank = canvas.FirstTarget; rank < canvas.GroupCount; rank++)
        {
            cancellation.ThrowIfCancellationRequested();
            var drawn = Draw(rank, tokens, canvas, sampler);
            PartitionRows.Commit(drawn, tokens);
            yield return new(rank - canvas.FirstTarget, rank - canvas.FirstTarget + 1, drawn);
        }
    }

    private static ImmutableArray<DecodedToken> Draw(int rank, int[] tokens, Canvas canvas, Sampler sampler)
    {
        var positions = PartitionModule.group(rank, canvas.Partition);
        using var sequence = new CountedSequence(canvas.Network, tokens.Length);
        sequence.Forward(PartitionRows.ContentBefore(rank, tokens, canvas.Partition), PartitionRows.Queries(positions, rank));
        return sampler.DrawAll(positions, sequence);
    }
}

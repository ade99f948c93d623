namespace A3.Bench;

using A3.Model;

/// <summary>
/// Multiplications and additions that the matrix products of a training step need at least, by the architecture: a forward pass,
/// and twice as many for the gradient towards inputs and weights.
/// </summary>
/// <remarks>
/// Attention counts the keys that a row may see; a row counts only where a loss depends on it, so in the last block content rows count
/// for their keys and values alone, and evidence has no query rows. What a step computes beyond that earns it nothing.
/// </remarks>
internal static class TrainFlops
{
    private const long ForwardAndBackward = 3;

    /// <summary>Of a plain causal step over sequences of a length, each position but the last predicting the next.</summary>
    public static long Causal(Architecture architecture, int sequences, int length)
    {
        var rows = (long)sequences * length;
        var keys = rows * (length + 1) / 2;
        var forward = architecture.Layers * ((rows * (Mixing(architecture) + Memory(architecture))) + (keys * PerKey(architecture)))
            + ((long)sequences * (length - 1) * Head(architecture));
        return ForwardAndBackward * forward;
    }

    /// <summary>Of a two-stream step over sequences under their partitions, every position but the evidence a target.</summary>
    public static long TwoStream(Architecture architecture, IEnumerable<Partition> partitions) =>
        ForwardAndBackward * partitions.Sum(partition => Forward(architecture, partition));

    private static long Forward(Architecture architecture, Partition partition)
    {
        long seen = 0, rows = 0, contentKeys = 0, targets = 0, queryKeys = 0;
        var evidence = PartitionModule.evidenceGroups(partition);
        for (var rank = 0; rank < PartitionModule.groupCount(partition); rank++)
        {
            long size = PartitionModule.group(rank, partition).Length;
            var open = rank < evidence ? 0 : size;
            (targets, queryKeys) = (targets + open, queryKeys + (open * seen));
            seen += size;
            (rows, contentKeys) = (rows + size, contentKeys + (size * seen));
        }

        long layers = architecture.Layers;
        var content = (rows * ((layers * Memory(architecture)) + ((layers - 1) * Mixing(architecture)))) + ((layers - 1) * contentKeys * PerKey(architecture));
        var query = layers * ((targets * Mixing(architecture)) + (queryKeys * PerKey(architecture)));
        return content + query + (targets * Head(architecture));
    }

    /// <summary>Queries, output projection and MLP of a row in a block.</summary>
    private static long Mixing(Architecture architecture) =>
        (4L * architecture.Width * ArchitectureModule.queryWidth(architecture)) + (6L * architecture.Width * architecture.MlpWidth);

    /// <summary>Keys and values of a row in a block.</summary>
    private static long Memory(Architecture architecture) => 4L * architecture.Width * ArchitectureModule.kvWidth(architecture);

    /// <summary>Attention of a row to one key in a block.</summary>
    private static long PerKey(Architecture architecture) => 4L * ArchitectureModule.queryWidth(architecture);

    private static long Head(Architecture architecture) => 2L * architecture.Width * architecture.Vocabulary;
}

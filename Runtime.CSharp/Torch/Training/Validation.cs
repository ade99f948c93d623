using A3.Model;
using A3.Tensors;
using A3.Torch.Data;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>
/// Losses on documents that are never trained on, under fixed partitions, in nats per target token: left to right by the
/// query stream and by the content stream, any order in groups of 1, 2, 4 and 8, and the middle sentence given all others.
/// </summary>
internal sealed class Validation(
    TrainingOptions options, TrainedNetwork network, Corpus corpus, ParallelMicroBatches microBatches, TorchSharp.torch.Device device)
{
    /// <summary>Name of the loss of the content stream, which a run need not train.</summary>
    public const string ContentStream = $"{LeftToRight}, content stream";

    private const long SeedOfDraws = 20260128;
    private const string LeftToRight = "left to right";

    private static readonly (string Name, string Grouping)[] AnyOrder =
    [
        ("any order", "random 1 | singletons"),
        ("any order, groups of 2", "random 1 | chunks 2"),
        ("any order, groups of 4", "random 1 | chunks 4"),
        ("any order, groups of 8", "random 1 | chunks 8"),
    ];

    private static readonly Model.Grouping Causal = Specifications.Grouping("left-to-right | singletons");

    private readonly BatchBuilder builder = new(corpus, device, network.Computes);
    private readonly int context = options.LongestSequence(network.Architecture.Context);
    private readonly Row[] held =
    [
        .. corpus.Documents.Take(options.ValidationRows).Select((document, index) =>
            new Row(index, 0, Math.Min(options.LongestSequence(network.Architecture.Context) - 1, document.Tokens.Length))),
    ];

    /// <summary>The losses by name.</summary>
    public IReadOnlyDictionary<string, double> Run(Weights weights, CancellationToken cancellation)
    {
        var results = new Dictionary<string, double>();
        var causal = Mean(weights, (row, seed) => AfterBos(Causal, row, seed), cancellation, withCausal: true);
        results[LeftToRight] = causal.Query;
        results[ContentStream] = causal.Content;
        foreach (var (name, text) in AnyOrder)
        {
            var grouping = Specifications.Grouping(text);
            results[name] = Mean(weights, (row, seed) => AfterBos(grouping, row, seed), cancellation).Query;
        }

        results["middle sentence"] = Mean(weights, MiddleSentence, cancellation).Query;
        return results;
    }

    private Model.Partition AfterBos(Model.Grouping grouping, Row row, Seed seed) =>
        Resolve(grouping, seed, SequenceLayoutModule.given([0], builder.LayoutOf(row)));

    private static Model.Partition Resolve(Model.Grouping grouping, Seed seed, SequenceLayout shape) =>
        GroupingModule.resolve(shape, GroupingModule.reseed(seed, grouping));

    /// <summary>All but the middle sentence given as one group; the sentence left to right.</summary>
    private Model.Partition MiddleSentence(Row row, Seed seed)
    {
        var shape = builder.LayoutOf(row);
        var starts = shape.SentenceStarts;
        var middle = starts.Length / 2;
        var (from, to) = (Math.Max(1, starts[middle]), middle + 1 < starts.Length ? starts[middle + 1] : shape.Length);
        var given = Enumerable.Range(0, shape.Length).Where(position => position < from || position >= to).ToArray();
        return Resolve(Causal, seed, SequenceLayoutModule.given(given, shape));
    }

    /// <summary>Mean negative log-likelihood by each stream; by the content stream where it is wanted.</summary>
    private (double Query, double Content) Mean(
        Weights weights, Func<Row, Seed, Model.Partition> partition, CancellationToken cancellation, bool withCausal = false)
    {
        var batches = held.Chunk(Math.Max(1, options.BatchTokens / context)).ToArray();
        var sums = microBatches.Run(batches.Length, i =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var mode = no_grad();
            using var scope = NewDisposeScope();
            var drawings = batches[i].Select(row => new SampledLayout(partition(row, SeedOf(row)), targetWeight: 1)).ToArray();
            var nlls = Objective.nlls(network.Architecture, weights, builder.Build(batches[i], drawings, withCausal));
            return (Query: Sum.Of(nlls.Query), Content: Sum.Of(nlls.Content?.Value));
        });
        return (Sum.Mean(sums.Select(sum => sum.Query)), Sum.Mean(sums.Select(sum => sum.Content)));
    }

    private static Seed SeedOf(Row row) => SeedModule.derive(row.Document, SeedModule.ofInt64(SeedOfDraws));

    /// <summary>So many nats over so many targets.</summary>
    private readonly record struct Sum(double Nats, long Count)
    {
        public static Sum Of(Tensor? values) => values is null ? default : new(Numbers.read(values.sum()), values.NumberOfElements);

        public static double Mean(IEnumerable<Sum> sums)
        {
            var all = sums.Aggregate(default(Sum), (some, more) => new(some.Nats + more.Nats, some.Count + more.Count));
            return all.Count > 0 ? all.Nats / all.Count : 0;
        }
    }
}

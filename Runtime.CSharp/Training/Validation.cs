using A3.Model;
using A3.Model.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// Losses on documents that are never trained on, under fixed partitions: left to right, any order one at a time, any order
/// in groups of four, and the middle sentence given all others. Nats per target token.
/// </summary>
internal sealed class Validation(Model.Architecture architecture, Corpus corpus, int rows, int batchTokens, TorchSharp.torch.Device device)
{
    private const long SeedOfDraws = 20260128;

    private static readonly (string Name, string Grouping)[] Groupings =
        [("left to right", "left-to-right | singletons"), ("any order", "random 1 | singletons"), ("any order, groups of 4", "random 1 | chunks 4")];

    private readonly BatchBuilder builder = new(corpus, withCausal: false, device);
    private readonly Row[] held = [.. corpus.Documents.Take(rows).Select((document, index) => new Row(index, 0, Math.Min(architecture.Context - 1, document.Tokens.Length)))];

    /// <summary>The losses by name.</summary>
    public IReadOnlyDictionary<string, double> Run(Weights weights, CancellationToken cancellation)
    {
        var results = new Dictionary<string, double>();
        foreach (var (name, text) in Groupings)
        {
            var grouping = Specifications.Grouping(text);
            results[name] = Mean(weights, (row, seed) => Resolve(grouping, seed, ShapeModule.given([0], builder.ShapeOf(row))), cancellation);
        }

        results["middle sentence"] = Mean(weights, MiddleSentence, cancellation);
        return results;
    }

    private static Model.Partition Resolve(Model.Grouping grouping, Seed seed, Shape shape) =>
        GroupingModule.resolve(shape, GroupingModule.reseed(seed, grouping));

    /// <summary>All but the middle sentence given as one group; the sentence left to right.</summary>
    private Model.Partition MiddleSentence(Row row, Seed seed)
    {
        var shape = builder.ShapeOf(row);
        var starts = shape.SentenceStarts;
        var middle = starts.Length / 2;
        var (from, to) = (Math.Max(1, starts[middle]), middle + 1 < starts.Length ? starts[middle + 1] : shape.Length);
        var given = Enumerable.Range(0, shape.Length).Where(position => position < from || position >= to).ToArray();
        return Resolve(Specifications.Grouping("left-to-right | singletons"), seed, ShapeModule.given(given, shape));
    }

    private double Mean(Weights weights, Func<Row, Seed, Model.Partition> partition, CancellationToken cancellation)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var batch in held.Chunk(Math.Max(1, batchTokens / architecture.Context)))
        {
            cancellation.ThrowIfCancellationRequested();
            using var mode = no_grad();
            using var scope = NewDisposeScope();
            var partitions = batch.Select(row => partition(row, SeedModule.derive(row.Document, SeedModule.ofInt64(SeedOfDraws)))).ToArray();
            var surprisals = Objective.surprisals(architecture, weights, builder.Build(batch, partitions));
            sum += surprisals.sum().ToDouble();
            count += surprisals.NumberOfElements;
        }

        return sum / count;
    }
}

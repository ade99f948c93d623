using A3.Model;
using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>Documents that share a line never attend to each other: packed or alone, a document has the same numbers.</summary>
public sealed class PackingTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly Corpus corpus;
    private readonly Model.Architecture architecture;
    private readonly Weights weights;
    private readonly torch.Tensor flat;
    private readonly BatchBuilder builder;

    public PackingTests()
    {
        var options = ToyRun.Options(folder);
        var tokenizer = BpeTrainer.Train(["Tom had a red ball."], 300, cancellation: CancellationToken.None);
        corpus = Corpus.Open(TrainingSetup.Source(options, options.Data), folder.File("cache"), tokenizer, "hash");
        architecture = ArchitectureModule.create(tokenizer.VocabularySize, 16, 2, 2, 64);
        flat = WeightsModule.initialise(architecture, 3);
        weights = WeightsModule.ofFlat(architecture, flat);
        builder = new BatchBuilder(corpus, torch.CPU, torch.float32);
    }

    private static Row[] Rows => [new(0, 0, 9), new(1, 2, 14), new(2, 0, 6), new(3, 1, 20)];

    [Fact]
    public void APackedDocumentHasTheSurprisalsItHasAlone()
    {
        var alone = Rows.SelectMany((row, index) => Surprisals([[row]], index)).ToArray();
        var packed = Surprisals([[Rows[0], Rows[1], Rows[2]], [Rows[3]]], 0);
        Assert.Equal(alone.Length, packed.Length);
        Assert.All(alone.Zip(packed), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void APackedDocumentDoesNotChangeWithItsNeighbours()
    {
        var first = Surprisals([[Rows[0], Rows[1], Rows[2]]], 0);
        var other = Surprisals([[Rows[0], Rows[1] with { Document = 7 }, Rows[2]]], 0);
        var (before, inside) = (Rows[0].Length, Rows[1].Length);
        Assert.Equal(first[..before], other[..before]);
        Assert.Equal(first[(before + inside)..], other[(before + inside)..]);
        Assert.NotEqual(first[before..(before + inside)], other[before..(before + inside)]);
    }

    [Fact]
    public void TheContentStreamOfAPackedDocumentHasItsOwnCausalLoss()
    {
        double Loss(Row[][] lines)
        {
            using var scope = torch.NewDisposeScope();
            var partitions = lines.SelectMany(line => line).Select(row => Partition(row, "left-to-right | singletons")).ToArray();
            return Objective.losses(architecture, weights, builder.Build(lines, Drawings(partitions), withCausal: true)).Content!.Value.ToDouble();
        }

        var alone = Rows.Sum(row => Loss([[row]]) * row.Length) / Rows.Sum(row => row.Length);
        Assert.Equal(alone, Loss([[Rows[0], Rows[1], Rows[2], Rows[3]]]), 1e-5);
    }

    public void Dispose()
    {
        corpus.Dispose();
        flat.Dispose();
        folder.Dispose();
    }

    private float[] Surprisals(Row[][] lines, int firstSeed)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        var partitions = lines.SelectMany(line => line).Select((row, index) => Partition(row, $"random {firstSeed + index} | chunks 3")).ToArray();
        return Objective.nlls(architecture, weights, builder.Build(lines, Drawings(partitions), withCausal: false)).Query.data<float>().ToArray();
    }

    private Model.Partition Partition(Row row, string grouping) =>
        GroupingModule.resolve(SequenceLayoutModule.given([0], builder.LayoutOf(row)), Specifications.Grouping(grouping));

    private static SampledLayout[] Drawings(Model.Partition[] partitions) => [.. partitions.Select(partition => new SampledLayout(partition, targetWeight: 1))];
}

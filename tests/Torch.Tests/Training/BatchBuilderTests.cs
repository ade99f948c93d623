using A3.Model;
using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class BatchBuilderTests
{
    static BatchBuilderTests() => Tensors.Native.ensure();

    /// <summary>Two rows of 3 and 2 tokens under their drawings.</summary>
    private static Tensors.Batch Build(Folder folder, bool withCausal, params (string Partition, double Weight)[] drawings)
    {
        File.WriteAllText(folder.File("a.txt"), "abc\n<|endoftext|>\nde");
        var tokenizer = BpeTrainer.Train(["x"], BpeTrainer.SmallestVocabulary, cancellation: TestContext.Current.CancellationToken);
        var options = ToyRun.Options(folder) with { Data = [folder.File("a.txt")] };
        using var corpus = Corpus.Open(TrainingSetup.Source(options, options.Data), folder.File("cache"), tokenizer, "hash");
        return new BatchBuilder(corpus, torch.CPU, torch.float32).Build(
            [new Row(0, 0, 3), new Row(1, 0, 2)],
            [.. drawings.Select(drawing => new SampledLayout(Partition.Parse(drawing.Partition).Spec, drawing.Weight))],
            withCausal);
    }

    [Fact]
    public void TargetsWeighWhatTheirDrawingSays()
    {
        using var folder = new Folder();
        using var scope = torch.NewDisposeScope();
        var batch = Build(folder, withCausal: false, ("given 0 / 1..3", 1), ("given 0..1 / 2", 2));

        Assert.Equal([1, 2, 3, 6], batch.Targets.data<long>().ToArray());
        Assert.Equal([1, 1, 1, 2], batch.TargetWeights!.Value.data<float>().ToArray());
        Assert.Equal(5, batch.TotalWeight);
    }

    [Fact]
    public void TargetsThatAllCountOnceHaveNoWeights()
    {
        using var folder = new Folder();
        using var scope = torch.NewDisposeScope();

        Assert.Null(Build(folder, withCausal: false, ("given 0 / 1..3", 1), ("given 0..1 / 2", 1)).TargetWeights);
    }

    [Fact]
    public void TheContentStreamPredictsWhatFollowsARowsCausalPrefixWhereThatIsWanted()
    {
        using var folder = new Folder();
        using var scope = torch.NewDisposeScope();
        (string, double)[] drawings = [("given 0 / 1 / 3 / 2", 1), ("given 0 / 1 / 2", 1)];

        Assert.Equal([0, 1, 4, 5], Build(folder, withCausal: true, drawings).CausalTargets!.Value.data<long>().ToArray());
        Assert.Null(Build(folder, withCausal: false, drawings).CausalTargets);
    }

    [Fact]
    public void TheContentStreamPredictsNothingWhereItSeesWhatComesNext()
    {
        using var folder = new Folder();
        using var scope = torch.NewDisposeScope();

        Assert.Null(Build(folder, withCausal: true, ("given 0 1 / 2 / 3", 1), ("given 0..1 / 2", 1)).CausalTargets);
    }
}

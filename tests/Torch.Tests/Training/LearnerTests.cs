using A3.Model;
using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>The gradient of a step, however it is computed, is that of the objective.</summary>
public sealed class LearnerTests : IDisposable
{
    private const double QueryWeight = 0.75, ContentWeight = 0.5;

    private readonly DisposeScope scope;
    private readonly Model.Architecture architecture;

    public LearnerTests()
    {
        Native.ensure();
        scope = torch.NewDisposeScope();
        architecture = ArchitectureModule.create(40, 16, 3, 2, 16);
    }

    private Batch Weighted => Of([("given 0 / 3..4 / 1..2 / 5..8", 1), ("given 0..2 / 4 7 / 3 5 / 6", 2)]);

    private Batch WithContent => Of([("given 0 / 1 / 2 / 3 / 4", 1), ("given 0 / 2..3 / 1", 1)]);

    public static TheoryData<string> Networks => ["all", "lora *norm*", "*.layers.1.*", "model.embed_tokens.weight"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheGradientOfBatchesIsThatOfTheirWeightedMeans(string train)
    {
        using var network = Network(train);
        using var learner = new Learner(network, weightDecay: 0, clip: 1);
        var (actual, gradient) = learner.Gradient([Weighted, WithContent], QueryWeight, ContentWeight);
        var (first, second) = (Objective.losses(architecture, network.Weights(), Weighted), Objective.losses(architecture, network.Weights(), WithContent));
        var (one, other) = (Weighted.TotalWeight, WithContent.TotalWeight);
        var mean = ((first.Query * one) + (second.Query * other)) / (one + other);
        var (some, others) = (Weighted.CausalTargets!.Value.shape[0], WithContent.CausalTargets!.Value.shape[0]);
        var content = ((first.Content!.Value * some) + (second.Content!.Value * others)) / (some + others);
        var loss = (mean * QueryWeight) + (content * ContentWeight);

        Assert.Equal(loss.ToDouble(), actual.ToDouble(), 1e-5);
        AssertClose(torch.autograd.grad([loss], [network.Parameters])[0], gradient, 1e-6);
    }

    [Fact]
    public void TheGradientOfTheContentStreamAloneIsThatOfItsMean()
    {
        using var network = Network("all");
        using var learner = new Learner(network, weightDecay: 0, clip: 1);
        var (loss, gradient) = learner.Gradient([WithContent], 0, ContentWeight);
        var expected = Objective.losses(architecture, network.Weights(), WithContent).Content!.Value * ContentWeight;

        Assert.Equal(expected.ToDouble(), loss.ToDouble(), 1e-5);
        AssertClose(torch.autograd.grad([expected], [network.Parameters])[0], gradient, 1e-6);
    }

    [Fact]
    public void TheContentStreamLearnsWhatATeacherPredicts()
    {
        using var network = Network("all");
        using var other = Network("lora");
        var (batch, teacher) = (WithContent, other.Weights());
        using var learner = new Learner(network, weightDecay: 0, clip: 1, teacher: new Teacher(teacher, 0));
        var (loss, gradient) = learner.Gradient([batch], QueryWeight, ContentWeight);
        var wanted = Content(teacher, batch).softmax(-1).detach();
        var expected = (Objective.losses(architecture, network.Weights(), batch).Query * QueryWeight)
            - ((wanted * Content(network.Weights(), batch).log_softmax(-1)).sum(-1).mean() * ContentWeight);

        Assert.Equal(expected.ToDouble(), loss.ToDouble(), 1e-5);
        AssertClose(torch.autograd.grad([expected], [network.Parameters])[0], gradient, 1e-6);
    }

    [Fact]
    public void QueriesThatSeeAllBeforeThemLearnAShareOfWhatATeacherPredicts()
    {
        const double Share = 0.3;
        using var network = Network("all");
        using var other = Network("lora");
        using var learner = new Learner(network, weightDecay: 0, clip: 1, teacher: new Teacher(other.Weights(), Share));
        var batch = Of([("given 0..1 4 / 2 / 3 / 6 / 5", 1)]);
        var (loss, gradient) = learner.Gradient([batch], QueryWeight, 0);
        var logits = Queries(network.Weights(), batch).log_softmax(-1);
        var nlls = logits.gather(1, batch.Tokens.flatten().unsqueeze(1)).squeeze(1).neg();

        // Positions 2 and 3 see all before them; 5 does too, but 6 does not.
        var wanted = Causal(other.Weights(), batch).softmax(-1).detach();
        torch.Tensor Taught(long position) => (logits[position] * wanted[position - 1]).sum().neg();
        torch.Tensor Mixed(long position) => (nlls[position] * (1 - Share)) + (Taught(position) * Share);
        var expected = (Mixed(2) + Mixed(3) + Mixed(5) + nlls[6]) * (QueryWeight / 4);

        Assert.Equal(expected.ToDouble(), loss.ToDouble(), 1e-5);
        AssertClose(torch.autograd.grad([expected], [network.Parameters])[0], gradient, 1e-6);
    }

    [Fact]
    public void WhoPredictsWhatItsTeacherDoesStaysAsItIs()
    {
        using var network = Network("all");
        using var learner = new Learner(network, weightDecay: 0, clip: 1, teacher: new Teacher(network.Weights(), 0));
        var gradient = learner.Gradient([WithContent], 0, ContentWeight).Gradient;

        Assert.Equal(0, gradient.abs().max().ToDouble(), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void BlocksThatAreComputedOnceMoreGiveTheSameGradient(string train)
    {
        using var network = Network(train);
        using var keeping = new Learner(network, weightDecay: 0, clip: 1);
        using var recomputing = new Learner(network, weightDecay: 0, clip: 1, recompute: true);

        foreach (var batch in new[] { Weighted, WithContent })
        {
            var kept = keeping.Gradient([batch], QueryWeight, ContentWeight).Gradient;
            AssertClose(kept, recomputing.Gradient([batch], QueryWeight, ContentWeight).Gradient, 1e-6);
        }
    }

    [Theory]
    [InlineData("all")]
    [InlineData("lora")]
    public void InBfloat16TheGradientPointsTheSameWayAndWhatTrainsStaysFloat32(string train)
    {
        using var exact = Network(train);
        using var rough = Network(train, torch.ScalarType.BFloat16);
        using var exactly = new Learner(exact, weightDecay: 0, clip: 1);
        using var roughly = new Learner(rough, weightDecay: 0, clip: 1);
        var (expected, given) = (exactly.Gradient([Weighted], 1, 0).Gradient, roughly.Gradient([Weighted], 1, 0).Gradient);

        Assert.Equal(torch.ScalarType.BFloat16, rough.Weights().Computes);
        Assert.Equal((torch.float32, torch.float32), (given.dtype, rough.Parameters.dtype));
        Assert.InRange((expected.dot(given) / (torch.linalg.norm(expected) * torch.linalg.norm(given))).ToDouble(), 0.995, 1.001);
        AssertFalls(roughly);
    }

    [Fact]
    public void AStepLeavesNoTensorsBehind()
    {
        using var network = Network("all");
        using var other = Network("lora");
        using var learner = new Learner(network, weightDecay: 0, clip: 1, recompute: true, teacher: new Teacher(other.Weights(), 0.5));
        var (batch, taught) = (Weighted, WithContent);
        learner.Step([batch, taught], 1, 1, 1e-3)!.Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        learner.Step([batch, taught], 1, 1, 1e-3)!.Dispose();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void AStepWithoutASingleTargetChangesNothing()
    {
        using var network = Network("all");
        using var learner = new Learner(network, weightDecay: 1, clip: 1);
        var (batch, nothing) = (Of([("given 0 / 2 / 1", 1)]), torch.zeros(0, torch.int64));
        learner.Step([WithContent], 1, 1, 1e-2)!.Dispose();
        float[][] Moving() => [RunState.Numbers(network.Parameters), RunState.Numbers(learner.Optimizer.First), RunState.Numbers(learner.Optimizer.Second)];
        var (before, steps) = (Moving(), learner.Optimizer.Steps);

        Assert.Null(learner.Step([Without(batch), Without(batch)], 0, 1, 1e-2));
        Assert.Null(learner.Step([new Batch(batch.Tokens, batch.Layouts, batch.Rows, nothing, null, 0, null)], 1, 1, 1e-2));
        Assert.Equal(steps, learner.Optimizer.Steps);
        Assert.Equal(before, Moving());
    }

    [Fact]
    public void BatchesWithoutATargetTakeNoPartInTheirStep()
    {
        using var network = Network("all");
        using var learner = new Learner(network, weightDecay: 0, clip: 1);
        var empty = Without(Of([("given 0 / 2 / 1", 1)]));
        var (alone, beside) = (learner.Gradient([WithContent], 0, ContentWeight), learner.Gradient([empty, WithContent, empty], 0, ContentWeight));
        Assert.Equal(alone.Loss.ToDouble(), beside.Loss.ToDouble());
        AssertClose(alone.Gradient, beside.Gradient, 0);
    }

    public void Dispose() => scope.Dispose();

    /// <summary>A batch without causal targets.</summary>
    private static Batch Without(Batch batch) =>
        new(batch.Tokens, batch.Layouts, batch.Rows, batch.Targets, batch.TargetWeights, batch.TotalWeight, null);

    private static void AssertClose(torch.Tensor expected, torch.Tensor actual, double tolerance) =>
        Assert.Equal(0, (expected - actual).abs().max().ToDouble(), tolerance);

    /// <summary>Logits of the content stream where it has a loss, [causal target, vocabulary].</summary>
    private torch.Tensor Content(Weights weights, Batch batch) =>
        TwoStream.logits(architecture, weights, TwoStream.forward(architecture, weights, batch.Layouts, batch.Tokens).Content)
            .flatten(0, 1)
            .index_select(0, batch.CausalTargets!.Value);

    /// <summary>Logits of the query stream, [position, vocabulary], of one sequence.</summary>
    private torch.Tensor Queries(Weights weights, Batch batch) =>
        TwoStream.logits(architecture, weights, TwoStream.forward(architecture, weights, batch.Layouts, batch.Tokens).Query!.Value).squeeze(0);

    /// <summary>Logits of the content stream, [position, vocabulary], of one sequence read left to right.</summary>
    private torch.Tensor Causal(Weights weights, Batch batch)
    {
        var singletons = PartitionModule.ofRanks(1, [.. Enumerable.Range(0, (int)batch.Tokens.shape[1])]);
        var layouts = CompiledMask.layouts(torch.CPU, [LayoutModule.ofPartition(singletons)]);
        return TwoStream.logits(architecture, weights, TwoStream.forward(architecture, weights, layouts, batch.Tokens).Content).squeeze(0);
    }

    private void AssertFalls(Learner learner)
    {
        var losses = Enumerable.Range(0, 30).Select(_ => learner.Step([Weighted], 1, 0, 1e-2)!.data<float>()[0]).ToArray();
        Assert.True(losses[^1] < losses[0] - 0.5, $"{losses[0]} to {losses[^1]}");
    }

    /// <summary>A network of drawn weights: what does not train is held as a checkpoint would, and additions are other than nothing.</summary>
    private TrainedNetwork Network(string train, torch.ScalarType computes = torch.ScalarType.Float32)
    {
        var all = WeightsModule.initialise(architecture, 3);
        var frozen = Flat.views(ArchitectureModule.parameters(architecture), all);
        var trainable = TrainableModule.choose(
            architecture, 2, 4, Microsoft.FSharp.Core.FuncConvert.FromFunc<string, bool>(_ => false), train).ResultValue;
        var parameters = Flat.initialise(TrainableModule.parameters(trainable), 4);
        torch.random.manual_seed(5);
        return new TrainedNetwork(architecture, trainable, name => frozen[name], parameters + (torch.randn_like(parameters) * 0.05), computes);
    }

    /// <summary>One sequence per drawing; the tokens do not matter.</summary>
    private static Batch Of((string Partition, double Weight)[] drawings)
    {
        var partitions = drawings.Select(drawing => Partition.Parse(drawing.Partition).Spec).ToArray();
        using var folder = new Folder();
        var texts = partitions.Select(partition => new string('x', PartitionModule.length(partition) - 1));
        File.WriteAllText(folder.File("a.txt"), string.Join("\n<|endoftext|>\n", texts));
        var tokenizer = BpeTrainer.Train(["x"], BpeTrainer.SmallestVocabulary, cancellation: TestContext.Current.CancellationToken);
        var options = ToyRun.Options(folder) with { Data = [folder.File("a.txt")] };
        using var corpus = Corpus.Open(TrainingSetup.Source(options, options.Data), folder.File("cache"), tokenizer, "hash");
        var batch = new BatchBuilder(corpus, torch.CPU, torch.float32).Build(
            [.. partitions.Select((partition, index) => new Row(index, 0, PartitionModule.length(partition) - 1))],
            [.. partitions.Zip(drawings, (partition, drawing) => new SampledLayout(partition, drawing.Weight))],
            withCausal: true);
        return new Batch(
            batch.Tokens.remainder(40), batch.Layouts, batch.Rows, batch.Targets, batch.TargetWeights, batch.TotalWeight, batch.CausalTargets);
    }
}

using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>Runs in which some weights train and the others are frozen.</summary>
public sealed class AdaptationTests : IDisposable
{
    private const string Query = "model.layers.1.self_attn.q_proj.weight";

    private readonly Folder folder = new();
    private readonly string initial;

    public AdaptationTests() => initial = ToyRun.Base(folder);

    [Fact]
    public void TheSavedCheckpointComputesWhatTheNetworkWithItsAdditionsDoes()
    {
        var options = Adapted("lora");
        using var trainer = Trainer.Start(options, TestContext.Current.CancellationToken);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        using var checkpoint = Checkpoint.Open(options.Output);
        using var merged = TorchBackend.OnTorch(checkpoint, Device.Cpu, NumberType.Float32);
        var (adapted, plain) = (Logits(trainer.Network.Weights()), Logits(merged.Weights));

        Assert.Equal(0, adapted.Zip(plain).Max(pair => Math.Abs(pair.First - pair.Second)), 1e-4);
        Assert.NotEqual(ToFloats(initial, Query), ToFloats(options.Output, Query));

        float[] Logits(Weights weights)
        {
            var layouts = CompiledMask.layouts(torch.CPU, [Model.LayoutModule.ofPartition(Partition.Parse("given 0 / 3..4 / 1..2 / 5..7").Spec)]);
            var streams = TwoStream.forward(trainer.Network.Architecture, weights, layouts, torch.tensor(new long[] { 1, 20, 30, 40, 50, 60, 70, 80 }).unsqueeze(0));
            return TwoStream.logits(trainer.Network.Architecture, weights, streams.Query!.Value).data<float>().ToArray();
        }
    }

    [Fact]
    public void SequencesMayBeShorterThanTheNetworkHolds()
    {
        var options = Adapted("all") with { Context = 24, BatchTokens = 24 };
        ToyRun.Train(options);
        using var adapted = Checkpoint.Open(options.Output);

        Assert.Equal(48, adapted.Architecture.Context);
        var error = Assert.Throws<RequestException>(() => ToyRun.Train(
            Adapted("all") with { Output = folder.File("wide"), Context = 24, Curriculum = "random | chunks 30" }));
        Assert.Contains("24", error.Message);
    }

    [Fact]
    public void SequencesMayNotBeLongerThanTheNetworkHolds()
    {
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(Adapted("all") with { Context = 49 }));
        Assert.StartsWith("Context = 49: ", error.Message);
        Assert.Contains("holds 48 tokens", error.Message);
    }

    [Theory]
    [InlineData("lora", "_proj.", "model.query_embed")]
    [InlineData("model.query_embed *norm*", "norm", "model.query_embed")]
    [InlineData("*.layers.1.mlp.*", ".layers.1.mlp.")]
    public void WeightsThatAreNotChosenStayAsTheyAreBitForBit(string train, params string[] chosen)
    {
        var options = Adapted(train);
        ToyRun.Train(options);
        using var before = Checkpoint.Open(initial);
        using var after = Checkpoint.Open(options.Output);
        foreach (var parameter in Model.ArchitectureModule.parameters(before.Configuration.Architecture))
        {
            var trains = chosen.Any(part => parameter.Name.Contains(part, StringComparison.Ordinal));
            Assert.True(trains != before[parameter.Name].ToFloats().SequenceEqual(after[parameter.Name].ToFloats()), parameter.Name);
        }
    }

    [Fact]
    public void OnlyWhatIsChosenHasAGradientAndOptimizerState()
    {
        var architecture = Checkpoint.ReadConfiguration(initial).Architecture;
        using var trainer = Trainer.Start(Adapted("lora *norm*"), TestContext.Current.CancellationToken);
        using var scope = torch.NewDisposeScope();
        var weights = trainer.Network.Weights();
        var block = weights.Blocks[0];
        var matrices = Model.ArchitectureModule.parameters(architecture).Where(parameter => parameter.Name.Contains("_proj.", StringComparison.Ordinal));
        var expected = matrices.Sum(matrix => 4L * (matrix.Shape[0] + matrix.Shape[1])) + (architecture.Width * ((2 * architecture.Layers) + 1 + 1));

        Assert.Equal(expected, trainer.Network.Parameters.NumberOfElements);
        Assert.False(weights.Embedding.requires_grad || weights.Head.requires_grad || block.Query.Matrix.requires_grad || block.Down.Matrix.requires_grad);
        Assert.True(weights.QueryEmbedding!.Value.requires_grad && block.AttentionNorm.requires_grad && block.Query.LowRank!.Value.Up.requires_grad);
        using var state = SafetensorsFile.Open(ToyRun.StateOf(folder.File("run")));
        Assert.Equal([expected, expected], [state["moments.first"].Count, state["moments.second"].Count]);
    }

    [Fact]
    public void FrozenWeightsAreReadWhereTheFileLies()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says what is mapped.");
        using var frozen = new FrozenWeights(Checkpoint.Open(initial), torch.CPU, torch.ScalarType.Float32);
        var view = frozen[Query];
        var mapped = File.ReadAllLines("/proc/self/maps").Where(line => line.EndsWith(Path.Combine(initial, "model.safetensors"), StringComparison.Ordinal));

        Assert.Equal(ToFloats(initial, Query), view.data<float>().ToArray());
        Assert.Contains(mapped.Select(line => line.Split(' ')[0].Split('-')), range => Holds(range, Address(view)));

        static bool Holds(string[] range, ulong address) =>
            address >= Convert.ToUInt64(range[0], 16) && address < Convert.ToUInt64(range[1], 16);
    }

    [Fact]
    public void AWeightThatLiesAtNoMultipleOfItsSizeIsStillRead()
    {
        var path = Path.Combine(initial, "model.safetensors");
        var bytes = File.ReadAllBytes(path);
        var header = BitConverter.ToUInt64(bytes);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes(header + 1), .. bytes[8..(8 + (int)header)], (byte)' ', .. bytes[(8 + (int)header)..]]);
        using var frozen = new FrozenWeights(Checkpoint.Open(initial), torch.CPU, torch.ScalarType.Float32);

        Assert.Equal(ToFloats(initial, Query), frozen[Query].data<float>().ToArray());
    }

    [Theory]
    [InlineData("lora", NumberType.Float32, true)]
    [InlineData("model.query_embed *norm*", NumberType.BFloat16, false)]
    [InlineData("all", NumberType.Float32, true)]
    public void AStoppedAdaptationResumesAsIfNeverStopped(string train, NumberType compute, bool distil)
    {
        var straight = Adapted(train, "straight") with
        {
            GradientAccumulationSteps = 2,
            ParallelMicroBatches = distil ? 2 : 1,
            ActivationCheckpointing = true,
            Compute = compute,
            Distil = distil,
            DistilQueries = distil ? 0.5 : 0,
            ContentWeight = 1,
            CheckpointSeconds = 1e-9,
            ValidateEvery = 2,
        };
        ToyRun.Train(straight);
        var stopped = straight with { Output = folder.File("stopped") };
        using (var trainer = Trainer.Start(stopped, TestContext.Current.CancellationToken))
        {
            using var source = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => trainer.Run(new Collector([], _ => source.Cancel()), source.Token));
        }

        using (var trainer = Trainer.Resume(stopped.Output, TestContext.Current.CancellationToken))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }

        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Theory]
    [InlineData("lora", false)]
    [InlineData("all", true)]
    public void AChangedBaseIsAnErrorThatNamesTheFile(string train, bool distil)
    {
        var options = Adapted(train) with { Distil = distil };
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        var weights = Path.Combine(initial, "model.safetensors");
        File.AppendAllText(weights, "x");
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(options.Output, TestContext.Current.CancellationToken));

        Assert.Contains($"cannot be resumed: {weights} has changed since the run began", error.Message);
    }

    [Theory]
    [InlineData("lora quary", "Train = lora quary: \"quary\" is no tensor of this network; all, lora, or patterns of names such as model.query_embed,")]
    [InlineData(" ", "Train =  : no word")]
    public void WordsThatChooseNothingAreNamed(string train, string message)
    {
        var options = Adapted(train);
        var error = Assert.Throws<RequestException>(() => ToyRun.Train(options));

        Assert.StartsWith(message, error.Message);
        Assert.False(Directory.Exists(options.Output));
    }

    [Fact]
    public void NothingIsFrozenWithoutAnInitialCheckpoint()
    {
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(ToyRun.Options(folder) with { Train = "lora" }));

        Assert.StartsWith("Train = lora: weights are frozen only where an initial checkpoint has them.", error.Message);
    }

    [Fact]
    public void NothingIsDistilledWithoutAnInitialCheckpoint()
    {
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(ToyRun.Options(folder) with { Distil = true }));

        Assert.StartsWith("Distil = True: needs an initial checkpoint", error.Message);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, -0.1)]
    [InlineData(false, 0.5)]
    public void QueriesLearnAShareBelowOneFromACheckpointThatIsDistilled(bool distil, double share)
    {
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(Adapted("all") with { Distil = distil, DistilQueries = share, ContentWeight = 1 }));

        Assert.StartsWith($"DistilQueries = {share}: ", error.Message);
    }

    [Fact]
    public void NothingIsDistilledWhereTheContentStreamLearnsNothing()
    {
        var options = Adapted("all") with { Distil = true, Curriculum = "direct" };
        var error = Assert.Throws<RequestException>(() => ToyRun.Train(options));

        Assert.StartsWith("Curriculum = direct: Distil is for the content stream", error.Message);
        Assert.False(Directory.Exists(options.Output));
    }

    public void Dispose() => folder.Dispose();

    private static float[] ToFloats(string directory, string name)
    {
        using var checkpoint = Checkpoint.Open(directory);
        return checkpoint[name].ToFloats();
    }

    private static unsafe ulong Address(torch.Tensor tensor)
    {
        fixed (byte* first = tensor.bytes)
        {
            return (ulong)first;
        }
    }

    private TrainingOptions Adapted(string train, string output = "run") =>
        ToyRun.Options(folder, output) with { Initial = initial, Train = train, Rank = 4, Tokens = 2500 };
}

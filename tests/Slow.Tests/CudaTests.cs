using TorchSharp;
using Xunit;

namespace A3.Slow.Tests;

using A3.Model;

/// <summary>The libtorch network on a GPU against the managed one on the CPU, and training on both; skipped where there is no GPU.</summary>
public sealed class CudaTests
{
    private const string NoCuda =
        "no CUDA device: name a CUDA build of libtorch in A3_LIBTORCH on a machine with an NVIDIA GPU to run this test.";

    public CudaTests()
    {
        Native.ensure();
        Assert.SkipUnless(torch.cuda.is_available(), NoCuda);
    }

    public static TheoryData<string> Kinds => [.. RandomNetwork.Kinds.Keys];

    private static Checkpoint Fixture() => Checkpoint.Open(Fixtures.Repository("two-stream-pre-norm"));

    private static DecodedToken[] Decode(INetwork network, int seed, SamplingOptions sampling)
    {
        var given = DecodingCase.Random(seed, 30, network.Architecture.Vocabulary);
        return [.. GroupwiseDecoder.Decode(given.ToDecode(network), sampling, given.RunSeed).SelectMany(step => step.Tokens)];
    }

    [SlowTheory(DisplayName = "A GPU draws the tokens that the CPU draws")]
    [InlineData(0.0, 1.0, null)]
    [InlineData(1.0, 1.0, null)]
    [InlineData(0.8, 0.9, null)]
    [InlineData(0.8, 1.0, 5)]
    public void SameTokens(double temperature, double topP, int? topK)
    {
        using var checkpoint = Fixture();
        using var gpu = TorchBackend.OnTorch(checkpoint, Device.Cuda, NumberType.Float32);
        using var cpu = NetworkLoader.Load(checkpoint, new() { Device = Device.Cpu });

        for (var seed = 0; seed < 5; seed++)
        {
            var sampling = new SamplingOptions { Temperature = temperature, TopP = topP, TopK = topK };
            var (here, there) = (Decode(cpu, seed, sampling), Decode(gpu, seed, sampling));
            Assert.Equal(here.Select(token => token.Token), there.Select(token => token.Token));
            Assert.All(here.Zip(there), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 1e-4));
        }
    }

    [SlowFact(DisplayName = "Caches may take what a GPU had free when the weights lay on it")]
    public void CacheMemory()
    {
        using var checkpoint = Fixture();
        using var gpu = TorchBackend.OnTorch(checkpoint, Device.Cuda, NumberType.BFloat16);
        var free = DeviceMemory.free(torch.CUDA);
        Assert.NotNull(free);
        Assert.InRange(gpu.CacheMemory, 1, free.Value + (1L << 30));
    }

    [SlowTheory(DisplayName = "Law 12 on a GPU: decodes of every kind draw the same tokens in a batch as alone, and as on the CPU")]
    [MemberData(nameof(Kinds))]
    public void Batches(string kind)
    {
        using var gpu = RandomTorchNetwork.Create(RandomNetwork.Kinds[kind], torch.CUDA);
        DecodingBatches.AssertSameTokens(gpu, RandomNetwork.Kinds[kind]);
    }

    [SlowFact(DisplayName = "Law 10 on a GPU: an adaptive decode, its replay and its score have one log-probability")]
    public void OneLogProbability()
    {
        using var checkpoint = Fixture();
        using var gpu = TorchBackend.OnTorch(checkpoint, Device.Cuda, NumberType.Float32);
        var given = DecodingCase.Random(3, 30, gpu.Architecture.Vocabulary);
        var sequence = given.ToDecode(gpu);
        var policy = (Policy.Adaptive)Policy.NewAdaptive(Criterion.Entropy, Amount.NewConstant(3), null);
        var steps = AdaptiveDecoder.Decode(sequence, policy, new(), given.RunSeed).ToArray();
        DecodedToken[] drawn = [.. steps.SelectMany(step => step.Tokens)];
        var partition = AdaptiveDecoder.PartitionOf(sequence, steps);
        var replayed = GroupwiseDecoder.Decode(PartialSequence.ToDecode(gpu, given.Tokens, partition), new(), given.RunSeed).SelectMany(step => step.Tokens).ToArray();
        var scores = Scorer.Score(PartialSequence.ToScore(gpu, DecodingCase.Filled(given.Tokens, drawn), partition));

        Assert.Equal(drawn.Select(token => (token.Position, token.Token)), replayed.Select(token => (token.Position, token.Token)));
        Assert.Equal(drawn.Sum(token => token.LogProbability), replayed.Sum(token => token.LogProbability), 1e-4);
        Assert.Equal(drawn.Sum(token => token.LogProbability), scores.Sum(score => score.LogProbability), 1e-4);
    }

    [SlowTheory(DisplayName = "A GPU computes in half precision, close to the CPU")]
    [InlineData(NumberType.BFloat16)]
    [InlineData(NumberType.Float16)]
    public void HalfPrecision(NumberType precision)
    {
        using var checkpoint = Fixture();
        using var gpu = TorchBackend.OnTorch(checkpoint, Device.Cuda, precision);
        using var cpu = NetworkLoader.Load(checkpoint, new() { Device = Device.Cpu });
        var given = DecodingCase.Random(1, 30, cpu.Architecture.Vocabulary);
        var expected = Scorer.Score(PartialSequence.ToScore(cpu, given.Tokens, given.Partition));
        var actual = Scorer.Score(PartialSequence.ToScore(gpu, given.Tokens, given.Partition));

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 0.2));
    }

    [SlowFact(DisplayName = "After decodes on a GPU as many tensors live as before")]
    public void NothingLeaks()
    {
        using var gpu = RandomTorchNetwork.Create(RandomNetwork.Kinds["grouped queries"], torch.CUDA);
        static long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Decode(gpu, 0, new());
        var before = Live();
        for (var run = 1; run <= 50; run++)
        {
            Decode(gpu, run, new());
        }

        Assert.Equal(before, Live());
    }

    [SlowTheory(DisplayName = "Training on a GPU goes as on the CPU")]
    [InlineData(Optimizer.AdamW, false, false)]
    [InlineData(Optimizer.Muon, true, false)]
    [InlineData(Optimizer.AdamW, false, true)]
    public void Training(Optimizer optimizer, bool pack, bool recompute)
    {
        using var folder = new Folder();
        TrainingOptions On(Device device) => ToyRun.Options(folder, $"{device}") with
        {
            Device = device,
            Optimizer = optimizer,
            Pack = pack,
            ActivationCheckpointing = recompute,
            ContentWeight = 1,
            LearningRate = 2e-3,
        };
        var (here, there) = (ToyRun.Train(On(Device.Cpu)), ToyRun.Train(On(Device.Cuda)));

        Assert.Equal(here.Select(report => report.Tokens), there.Select(report => report.Tokens));
        Assert.All(here.Zip(there), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-2));
        Assert.Equal(here[0].Loss, there[0].Loss, 1e-4);
        Assert.All(here[^1].Validation, loss => Assert.Equal(loss.Value, there[^1].Validation[loss.Key], 2e-2));
    }

    [SlowFact(DisplayName = "Passes of a training run in bfloat16 stay close to those in float32")]
    public void HalfPrecisionTraining()
    {
        using var folder = new Folder();
        TrainingOptions In(NumberType type) =>
            ToyRun.Options(folder, $"{type}") with { Device = Device.Cuda, Compute = type, LearningRate = 2e-3 };
        var (full, half) = (ToyRun.Train(In(NumberType.Float32)), ToyRun.Train(In(NumberType.BFloat16)));

        Assert.All(full.Zip(half), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 0.1));
    }

    [SlowTheory(DisplayName = "Law 12 on a GPU: a run that was stopped and resumed equals the uninterrupted one bit for bit")]
    [InlineData(Optimizer.AdamW)]
    [InlineData(Optimizer.Muon)]
    public void Resumed(Optimizer optimizer)
    {
        using var folder = new Folder();
        TrainingOptions To(string output) => ToyRun.Options(folder, output) with { Device = Device.Cuda, Optimizer = optimizer };
        ToyRun.Train(To("straight"));
        ToyRun.Interrupt(To("stopped"), afterReports: 1);
        ToyRun.Finish(To("stopped").Output, afterReports: 1);
        ToyRun.Finish(To("stopped").Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(To("straight").Output, To("stopped").Output);
    }
}

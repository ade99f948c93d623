using A3.Model.Tensors;
using A3.Runtime.Tests.Decoding;
using TorchSharp;
using Xunit;

namespace A3.Runtime.Tests;


/// <summary>The libtorch network on a GPU against the managed one on the CPU; skipped where there is no GPU.</summary>
public sealed class CudaTests
{
    private const string NoCuda =
        "no CUDA device: name a CUDA build of libtorch in A3_LIBTORCH on a machine with an NVIDIA GPU to run this test.";

    private static bool HasCuda
    {
        get
        {
            Native.ensure();
            return torch.cuda.is_available();
        }
    }

    private static Checkpoint Fixture() => Checkpoint.Open(Fixtures.Repository("two-stream-pre-norm"));

    private static DecodedToken[] Decode(INetwork network, int seed, SamplingOptions sampling)
    {
        var given = DecodingCase.Random(seed, 30, network.Architecture.Vocabulary);
        return [.. GroupwiseDecoder.Decode(given.ToDecode(network), sampling, given.RunSeed).SelectMany(step => step.Tokens)];
    }

    [Theory(DisplayName = "A GPU draws the tokens that the CPU draws")]
    [InlineData(0.0, 1.0)]
    [InlineData(1.0, 1.0)]
    [InlineData(0.8, 0.9)]
    public void SameTokens(double temperature, double topP)
    {
        Assert.SkipUnless(HasCuda, NoCuda);
        using var checkpoint = Fixture();
        using var gpu = NetworkLoader.OnTorch(checkpoint, Device.Cuda, NumberType.Float32);
        using var cpu = NetworkLoader.Load(checkpoint, new() { Device = Device.Cpu });

        for (var seed = 0; seed < 5; seed++)
        {
            var sampling = new SamplingOptions { Temperature = temperature, TopP = topP };
            var (here, there) = (Decode(cpu, seed, sampling), Decode(gpu, seed, sampling));
            Assert.Equal(here.Select(token => token.Token), there.Select(token => token.Token));
            Assert.All(here.Zip(there), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 1e-3));
        }
    }

    [Theory(DisplayName = "A GPU computes in half precision, close to the CPU")]
    [InlineData(NumberType.BFloat16)]
    [InlineData(NumberType.Float16)]
    public void HalfPrecision(NumberType precision)
    {
        Assert.SkipUnless(HasCuda, NoCuda);
        using var checkpoint = Fixture();
        using var gpu = NetworkLoader.OnTorch(checkpoint, Device.Cuda, precision);
        using var cpu = NetworkLoader.Load(checkpoint, new() { Device = Device.Cpu });
        var given = DecodingCase.Random(1, 30, cpu.Architecture.Vocabulary);
        var expected = Scorer.Score(Canvas.ToScore(cpu, given.Tokens, given.Partition));
        var actual = Scorer.Score(Canvas.ToScore(gpu, given.Tokens, given.Partition));

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 0.2));
    }
}

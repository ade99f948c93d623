using Xunit;

namespace A3.Torch.Tests;

/// <summary>What libtorch decodes is what the CPU's own network decodes.</summary>
public sealed class TorchDecodingTests
{
    [Theory]
    [InlineData("two-stream-reference")]
    [InlineData("two-stream-pre-norm")]
    public void The_managed_network_and_libtorch_decode_the_same(string fixture)
    {
        var directory = Fixtures.Repository(fixture);
        using var checkpoint = Checkpoint.Open(directory);
        using var managed = new ManagedNetwork(checkpoint.Configuration.Architecture, name => checkpoint[name].ToFloats(), threads: 1);
        using var torch = TorchBackend.OnTorch(checkpoint, Device.Cpu, NumberType.Float32);

        for (var seed = 0; seed < 5; seed++)
        {
            var given = DecodingCase.Random(seed, positions: 30, managed.Architecture.Vocabulary);
            var here = GroupwiseDecoder.Decode(given.ToDecode(managed), new(), given.RunSeed).SelectMany(step => step.Tokens).ToArray();
            var there = GroupwiseDecoder.Decode(given.ToDecode(torch), new(), given.RunSeed).SelectMany(step => step.Tokens).ToArray();

            Assert.Equal(there.Select(token => token.Token), here.Select(token => token.Token));
            Assert.All(here.Zip(there), pair => Assert.Equal(pair.Second.LogProbability, pair.First.LogProbability, 1e-4));
        }
    }

    [Theory(DisplayName = "Law 12 on libtorch: in a batch each row gets the tokens it gets alone, and on the managed network")]
    [InlineData("grouped queries")]
    [InlineData("preceding, grouped, odd sizes")]
    public void SameTokens(string kind)
    {
        using var network = RandomTorchNetwork.Create(RandomNetwork.Kinds[kind]);
        DecodingBatches.AssertSameTokens(network, RandomNetwork.Kinds[kind]);
    }
}

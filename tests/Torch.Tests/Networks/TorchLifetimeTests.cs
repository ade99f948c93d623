using TorchSharp;
using Xunit;

namespace A3.Torch.Tests;

using A3.Model;

/// <summary>Who owns the tensors of the libtorch path, and that several threads may use one network.</summary>
public sealed class TorchLifetimeTests
{
    private static readonly Architecture Architecture = RandomNetwork.Kinds["plain"];

    private static DecodedToken[] Decode(INetwork network, int seed)
    {
        var given = DecodingCase.Random(seed, 6, Architecture.Vocabulary);
        return [.. GroupwiseDecoder.Decode(given.ToDecode(network), new(), given.RunSeed).SelectMany(step => step.Tokens)];
    }

    private static long LiveTensors() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Fact(DisplayName = "After 1,000 decodes, finished, broken off or forked, as many tensors live as before")]
    public void NothingLeaks()
    {
        using var network = RandomTorchNetwork.Create(Architecture);
        Decode(network, 0);
        var before = LiveTensors();

        for (var run = 0; run < 1000; run++)
        {
            var given = DecodingCase.Random(run, 6, Architecture.Vocabulary);
            var sequence = given.ToDecode(network);
            using var pass = network.NewPass();
            using var state = new DecodeState(network, new GroupwiseDecoder(sequence, new(new(), given.RunSeed)));
            DecodeLoop.Next(state, pass, CancellationToken.None);
            using var fork = state.Fork(null);
            while (run % 2 == 0 && DecodeLoop.Next(fork, pass, CancellationToken.None) is not null)
            {
            }
        }

        Assert.Equal(before, LiveTensors());
    }

    [Theory(DisplayName = "Threads that share a network each get the tokens they get alone")]
    [InlineData(false)]
    [InlineData(true)]
    public void ThreadsShare(bool managed)
    {
        using INetwork network = managed ? RandomNetwork.Create(Architecture, threads: 2) : RandomTorchNetwork.Create(Architecture);
        var alone = Enumerable.Range(0, 24).Select(seed => Decode(network, seed)).ToArray();
        var shared = new DecodedToken[24][];

        Parallel.For(0, 24, new() { MaxDegreeOfParallelism = 6 }, seed => shared[seed] = Decode(network, seed));

        Assert.Equal(alone.Select(tokens => tokens.Select(token => token.Token)), shared.Select(tokens => tokens.Select(token => token.Token)));
    }
}

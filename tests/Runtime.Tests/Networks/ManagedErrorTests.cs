using Xunit;

namespace A3.Runtime.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

public sealed class ManagedErrorTests
{
    private static readonly Architecture Architecture = RandomNetwork.Kinds["plain"];

    [Theory(DisplayName = "A row out of range is refused before any work, by name, value and rule")]
    [InlineData(53, 0, 0, "content[1].Token = 53, but the vocabulary holds only 0..52.")]
    [InlineData(-1, 0, 0, "content[1].Token = -1, but the vocabulary holds only 0..52.")]
    [InlineData(0, 64, 0, "content[1].Position = 64, but the model\'s context holds only 0..63.")]
    [InlineData(0, -1, 0, "content[1].Position = -1, but the model\'s context holds only 0..63.")]
    [InlineData(0, 0, -1, "content[1].Rank = -1, but an order of groups holds only 0..")]
    public void ContentOutOfRange(int token, int position, int rank, string message)
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(4);
        var error = Assert.Throws<ArgumentException>(() =>
            sequence.Forward([new(0, 0, 0), new(token, position, rank)], [], [], []));
        Assert.StartsWith(message, error.Message);
        Assert.Equal(0, sequence.Length);
    }

    [Theory]
    [InlineData(64, 0, "queries[0].Position = 64, but the model\'s context holds only 0..63.")]
    [InlineData(0, -3, "queries[0].Rank = -3, but an order of groups holds only 0..")]
    public void QueryOutOfRange(int position, int rank, string message)
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(4);
        var logits = new float[Architecture.Vocabulary];
        var error = Assert.Throws<ArgumentException>(() =>
            sequence.Forward([], [new(position, rank)], logits, []));
        Assert.StartsWith(message, error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65)]
    public void CapacityOutOfRange(int capacity)
    {
        using var network = RandomNetwork.Create(Architecture);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => network.Open(capacity));
        Assert.StartsWith($"capacity = {capacity}: must be in 1..64", error.Message);
    }

    [Fact]
    public void FullCache()
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(2);
        sequence.Forward([new(0, 0, 0)], [], [], []);
        var error = Assert.Throws<ArgumentException>(() =>
            sequence.Forward([new(0, 1, 1), new(0, 2, 2)], [], [], []));
        Assert.StartsWith("2 more rows, but the sequence holds 1 of its 2.", error.Message);
        Assert.Equal(1, sequence.Length);
    }

    [Fact]
    public void MorePredictionsThanRows()
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(2);
        using var pass = network.NewPass();
        var error = Assert.Throws<ArgumentException>(() =>
            pass.Run([new(sequence, new ContentRow[] { new(0, 0, 0) }, default, Predicting: 2)]));
        Assert.StartsWith("predictions of 2 content rows, but there are 1.", error.Message);
    }

    [Fact]
    public void ASequenceTwiceOrOfAnotherNetwork()
    {
        using var network = RandomNetwork.Create(Architecture);
        using var other = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(2);
        using var pass = network.NewPass();
        PassRows rows = new(sequence, new ContentRow[] { new(0, 0, 0) }, default);
        Assert.StartsWith("batch[0] and batch[1] are one sequence", Assert.Throws<ArgumentException>(() => pass.Run([rows, rows])).Message);
        using var otherPass = other.NewPass();
        Assert.StartsWith("the sequence belongs to another network", Assert.Throws<ArgumentException>(() => otherPass.Run([rows])).Message);
        Assert.Equal(0, sequence.Length);
    }

    [Fact]
    public void CropBeyondTheCache()
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(2);
        Assert.Throws<ArgumentOutOfRangeException>("length", () => sequence.Crop(1));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => sequence.Crop(-1));
    }

    [Fact]
    public void QueriesWithoutAQueryStream()
    {
        var causal = RandomNetwork.With(Architecture, queryStream: QueryStream.Absent);
        using var network = RandomNetwork.Create(causal);
        using var sequence = network.Open(2);
        var error = Assert.Throws<InvalidOperationException>(() =>
            sequence.Forward([], [new(0, 0)], new float[53], []));
        Assert.StartsWith("this checkpoint has no query stream", error.Message);
    }

    [Fact]
    public void WeightsOfAnotherSize()
    {
        var weights = RandomNetwork.Weights(Architecture);
        var error = Assert.Throws<ArgumentException>(() => new ManagedNetwork(
            Architecture, name => name.EndsWith("1.mlp.up_proj.weight") ? weights(name)[1..] : weights(name)));
        Assert.StartsWith("model.layers.1.mlp.up_proj.weight holds 5119 numbers, but its shape [128, 40] asks for 5120.", error.Message);
    }

    [Fact]
    public void ArchitectureThatBreaksARule()
    {
        var odd = RandomNetwork.With(Architecture, headWidth: 7);
        var error = Assert.Throws<ArgumentException>("architecture", () =>
            new ManagedNetwork(odd, RandomNetwork.Weights(Architecture)));
        Assert.StartsWith("head_dim = 7", error.Message);
    }

    [Fact]
    public void AfterDisposal()
    {
        var network = RandomNetwork.Create(Architecture);
        var first = network.Open(2);
        var second = network.Open(2);
        first.Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.Forward([], [], [], []));
        Assert.Throws<ObjectDisposedException>(first.Fork);
        network.Dispose();
        network.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Crop(0));
        Assert.Throws<ObjectDisposedException>(() => network.Open(2));
    }
}

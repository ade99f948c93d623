using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class CausalDecoderTests
{
    private static readonly Seed Seed = SeedModule.ofInt(3);


    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void The_reported_log_probability_is_the_causal_score_of_the_result(int promptLength)
    {
        using var network = new FakeNetwork(queryStream: false);
        int[] prompt = [.. Enumerable.Range(1, promptLength)];
        var steps = CausalDecoder.Decode(network, prompt, 10, new(), Seed).ToArray();
        int[] result = [.. prompt, .. steps.Select(step => step.Tokens[0].Token)];

        Assert.Equal(
            steps.Select(step => new TokenScore(step.Tokens[0].Position, step.Tokens[0].Token, step.Tokens[0].LogProbability)),
            Scorer.ScoreCausal(network, result, given: promptLength));
    }

    [Fact]
    public void A_prompt_of_any_length_costs_no_pass_of_its_own()
    {
        using var network = new FakeNetwork();

        Assert.Equal([1, 2, 3], CausalDecoder.Decode(network, [1], 3, new(), Seed).Select(step => step.ForwardPasses));
        Assert.Equal([1, 2, 3], CausalDecoder.Decode(network, [1, 2, 3], 3, new(), Seed).Select(step => step.ForwardPasses));
        Assert.Empty(CausalDecoder.Decode(network, [1, 2, 3], 0, new(), Seed));
        Assert.Equal(0, network.OpenSequences);
    }

    [Fact]
    public void A_stop_token_is_the_last()
    {
        using var network = new FakeNetwork();
        int[] free = [.. CausalDecoder.Decode(network, [1], 20, new(), Seed).Select(step => step.Tokens[0].Token)];
        var stop = free[^1];
        var ending = new PositionConstraints(new(new EndingTokenizer(stop), 7), []) { IsCausal = true };
        var decoder = CausalDecoder.Create(network, [1], 20, new(new(), Seed, ending));
        int[] stopped = [.. DecodeLoop.Run(network, () => decoder).Select(step => step.Tokens[0].Token)];

        Assert.Equal(free[..(Array.IndexOf(free, stop) + 1)], stopped);
    }

    [Fact]
    public void Arguments_are_checked_before_any_work()
    {
        using var network = new FakeNetwork(vocabulary: 7, context: 8);

        Assert.StartsWith(
            "The prompt has no tokens",
            Assert.Throws<RequestException>(() => CausalDecoder.Decode(network, [], 1, new(), Seed)).Message);
        Assert.StartsWith(
            "9 positions, but the model's context holds 8",
            Assert.Throws<RequestException>(() => CausalDecoder.Decode(network, [1], 8, new(), Seed)).Message);
        Assert.StartsWith(
            "tokens[1] = 7,",
            Assert.Throws<RequestException>(() => CausalDecoder.Decode(network, [1, 7], 1, new(), Seed)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => CausalDecoder.Decode(network, [1], -1, new(), Seed));
        Assert.Throws<ArgumentOutOfRangeException>(() => Scorer.ScoreCausal(network, [1, 2], given: 0));
    }

    [Fact]
    public void Cancellation_throws_between_steps()
    {
        using var network = new FakeNetwork();
        using var cancellation = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var step in CausalDecoder.Decode(network, [1], 9, new(), Seed, cancellation.Token))
            {
                cancellation.Cancel();
            }
        });
        Assert.Equal(1, network.Passes);
        Assert.Equal(0, network.OpenSequences);
    }
}

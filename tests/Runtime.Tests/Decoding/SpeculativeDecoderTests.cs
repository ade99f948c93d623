using Xunit;
using static A3.Tests.SpeculativeDistance;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class SpeculativeDecoderTests
{
    private const int Runs = 5_000;

    /// <summary>Every window and every sampling, but not every pair of them: Slow.Tests has those.</summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(0, 9)]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void Law_11_Speculative_decoding_draws_from_the_distribution_of_sequential_decoding(int sampling, int window)
    {
        var (distance, floor) = Distance(Samplings[sampling], window, Runs, SpeculativeRule.Residual);
        Assert.True(distance <= floor, $"total variation {distance} above {floor}.");
    }

    [Fact]
    public void Law_11_fails_when_a_rejection_is_redrawn_without_the_residual()
    {
        var (distance, floor) = Distance(new(), 3, Runs, (_, verified, weights) => verified.CopyTo(weights));

        Assert.True(distance > floor, $"total variation {distance} within {floor}.");
    }

    [Fact]
    public void Law_11_It_takes_at_most_as_many_passes_as_tokens_and_reports_its_drafts() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        given = Singletons(given);
        var targets = PartitionModule.targets(given.Partition).Length;

        foreach (var window in new[] { 2, 3, 20 })
        {
            var steps = SpeculativeDecoder.Decode(given.ToDecode(network), window, new(), given.RunSeed).ToArray();
            var passes = steps.Length == 0 ? 0 : steps[^1].ForwardPasses;

            Assert.InRange(passes, 0, targets);
            Assert.Equal(PartitionModule.targets(given.Partition).Select(group => group[0]), steps.SelectMany(Positions));
            Assert.All(steps, step => Assert.InRange(step.Tokens.Length - step.Drafts!.Value.Accepted, 0, 1));
            Assert.All(steps, step => Assert.InRange(step.Drafts!.Value.Proposed, step.Tokens.Length, window + 1));
        }

        Assert.Equal(0, network.OpenSequences);
    });

    [Fact]
    public void Law_10_The_reported_log_probability_is_the_score_of_the_result() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        given = Singletons(given);
        var steps = SpeculativeDecoder.Decode(given.ToDecode(network), 4, Samplings[3], given.RunSeed).ToArray();
        var filled = DecodingCase.Filled(given.Tokens, steps.SelectMany(step => step.Tokens));

        Assert.Equal(
            Scorer.Score(PartialSequence.ToScore(network, filled, given.Partition)).Select(score => score.LogProbability),
            steps.SelectMany(step => step.Tokens).OrderBy(token => token.Position).Select(token => token.LogProbability));
    });

    [Fact]
    public void Greedy_speculation_gives_the_tokens_of_greedy_sequential_decoding() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        given = Singletons(given);

        Assert.Equal(
            GroupwiseDecoder.Decode(given.ToDecode(network), SamplingOptions.Greedy, given.RunSeed).SelectMany(step => step.Tokens),
            SpeculativeDecoder.Decode(given.ToDecode(network), 3, SamplingOptions.Greedy, given.RunSeed).SelectMany(step => step.Tokens));
    });

    [Fact]
    public void A_network_whose_conditionals_do_not_depend_on_drafts_accepts_them_all()
    {
        using var network = new FakeNetwork(spread: 0);
        var given = new DecodingCase(new int[13], [.. Enumerable.Range(0, 13)], 1, 4);
        var steps = SpeculativeDecoder.Decode(given.ToDecode(network), 4, new(), given.RunSeed).ToArray();

        // One draft pass, then three verify passes in which the next drafts ride along.
        Assert.Equal([2, 3, 4], steps.Select(step => step.ForwardPasses));
        Assert.All(steps, step => Assert.Equal(new(4, 4), step.Drafts));
    }

    [Fact]
    public void Groups_of_several_positions_and_windows_below_one_are_refused()
    {
        using var network = new FakeNetwork();
        var given = new DecodingCase(new int[4], [0, 1, 2, 2], 1, 0);

        Assert.StartsWith(
            "A target group holds positions 2, 3, but speculative decoding draws one after the other",
            Assert.Throws<RequestException>(() => SpeculativeDecoder.Decode(given.ToDecode(network), 2, new(), given.RunSeed)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => SpeculativeDecoder.Decode(Singletons(given).ToDecode(network), 0, new(), given.RunSeed));
    }

    private static IEnumerable<int> Positions(DecodingStep step) => step.Tokens.Select(token => token.Position);

    /// <summary>The same with each target group split into its positions.</summary>
    private static DecodingCase Singletons(DecodingCase given)
    {
        var targets = PartitionModule.targets(given.Partition).SelectMany(group => group).ToArray();
        int[] ranks = [.. PartitionModule.groupOf(given.Partition)];

        for (var i = 0; i < targets.Length; i++)
        {
            ranks[targets[i]] = given.Evidence + i;
        }

        return given with { Ranks = ranks };
    }
}

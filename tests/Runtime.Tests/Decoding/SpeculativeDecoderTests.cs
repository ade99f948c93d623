using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class SpeculativeDecoderTests
{
    private const int Runs = 15_000;

    /// <summary>Three tokens, four open positions in an order of their own around one given: 81 outcomes.</summary>
    private static readonly DecodingCase Small = new([2, 0, 0, 0, 0], [0, 3, 1, 4, 2], 1, 0);

    private static readonly SamplingOptions[] Samplings =
        [new(), new() { Temperature = 0.7 }, new() { TopK = 2 }, new() { Temperature = 1.3, TopP = 0.8 }];

    [Fact]
    public void Law_11_Speculative_decoding_draws_from_the_distribution_of_sequential_decoding()
    {
        foreach (var sampling in Samplings)
        {
            foreach (var window in new[] { 2, 3, 9 })
            {
                var (distance, floor) = Distance(sampling, window, SpeculativeRule.Residual);
                Assert.True(distance <= floor, $"{sampling}, window {window}: total variation {distance} above "
                    + $"{floor}.");
            }
        }
    }

    [Fact]
    public void Law_11_fails_when_a_rejection_is_redrawn_without_the_residual()
    {
        var (distance, floor) = Distance(new(), 3, (_, verified, weights) => verified.CopyTo(weights));

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
            Scorer.Score(Canvas.ToScore(network, filled, given.Partition)).Select(score => score.LogProbability),
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
            Assert.Throws<ArgumentException>(() => SpeculativeDecoder.Decode(given.ToDecode(network), 2, new(), given.RunSeed)).Message);
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

    /// <summary>
    /// Total variation between the exact distribution of outcomes and that of many runs, and the most that chance explains:
    /// the expected distance is at most sum sqrt(p (1 - p) / n) / 2, and exceeds its mean by t with probability at most
    /// exp(-2 n t^2) (McDiarmid), here one in a million.
    /// </summary>
    private static (double Distance, double Floor) Distance(SamplingOptions sampling, int window, Redraw redraw)
    {
        using var network = new FakeNetwork(vocabulary: 3, spread: 5);
        var canvas = Small.ToDecode(network);
        var exact = Outcomes().ToDictionary(outcome => outcome, outcome => Probability(network, outcome, sampling));
        var counts = Outcomes().ToDictionary(outcome => outcome, _ => 0);

        for (var run = 0; run < Runs; run++)
        {
            var tokens = SpeculativeDecoder.Decode(canvas, window, sampling, SeedModule.ofInt(run), redraw)
                .SelectMany(step => step.Tokens).OrderBy(token => token.Position).Select(token => token.Token);
            counts[string.Concat(tokens)]++;
        }

        Assert.Equal(1, exact.Values.Sum(), 1e-9);
        var distance = exact.Sum(outcome => Math.Abs(outcome.Value - (double)counts[outcome.Key] / Runs)) / 2;
        var floor = exact.Values.Sum(p => Math.Sqrt(p * (1 - p) / Runs)) / 2 + Math.Sqrt(Math.Log(1e6) / (2 * Runs));
        return (distance, floor);
    }

    private static IEnumerable<string> Outcomes() =>
        from a in "012" from b in "012" from c in "012" from d in "012" select string.Concat(a, b, c, d);

    /// <summary>
    /// The product of the sampling distributions that sequential decoding draws from, one open position after the
    /// other.
    /// </summary>
    private static double Probability(FakeNetwork network, string outcome, SamplingOptions sampling)
    {
        int[] tokens = [Small.Tokens[0], .. outcome.Select(digit => digit - '0')];
        var distribution = new SamplingDistribution(3);
        var probability = 1.0;

        for (var rank = Small.Evidence; rank < Small.Ranks.Length; rank++)
        {
            var position = PartitionModule.group(rank, Small.Partition)[0];
            using var sequence = network.Open(tokens.Length);
            var logits = new float[3];
            sequence.Forward(
                PartitionRows.ContentBefore(rank, tokens, Small.Partition), PartitionRows.Queries([position], rank), logits, []);
            distribution.Load(logits, sampling);
            probability *= distribution.Probabilities[tokens[position]];
        }

        return probability;
    }
}

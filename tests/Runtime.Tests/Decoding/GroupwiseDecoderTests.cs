using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class GroupwiseDecoderTests
{
    private static readonly SamplingOptions Nucleus = new() { Temperature = 0.8, TopK = 5, TopP = 0.9 };

    private static int[] Filled(DecodingCase given, IEnumerable<DecodingStep> steps) =>
        DecodingCase.Filled(given.Tokens, steps.SelectMany(step => step.Tokens));

    [Fact]
    public void Law_9_Cached_decoding_equals_uncached_decoding() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var cached = GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).ToArray();
        var uncached = UncachedDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).ToArray();

        Assert.Equal(uncached.SelectMany(step => step.Tokens), cached.SelectMany(step => step.Tokens));
        Assert.Equal(uncached.Select(step => step.Step), cached.Select(step => step.Step));
    });

    [Fact]
    public void Law_10_The_reported_log_probability_is_the_score_of_the_result() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var steps = GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).ToArray();
        var scores = Scorer.Score(PartialSequence.ToScore(network, Filled(given, steps), given.Partition));

        Assert.Equal(
            steps.SelectMany(step => step.Tokens).OrderBy(token => token.Position)
                .Select(token => new TokenScore(token.Position, token.Token, token.LogProbability)),
            scores);
    });

    [Fact]
    public void Law_12_Same_seed_same_output() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var run = GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed);

        Assert.Equal(run.SelectMany(step => step.Tokens), run.SelectMany(step => step.Tokens));
    });

    [Fact]
    public void Another_seed_gives_another_output()
    {
        using var network = new FakeNetwork();
        var given = new DecodingCase(new int[32], [.. Enumerable.Range(0, 32)], 1, 1);
        var other = given with { Seed = 2 };

        Assert.NotEqual(
            Filled(given, GroupwiseDecoder.Decode(given.ToDecode(network), new(), given.RunSeed)),
            Filled(other, GroupwiseDecoder.Decode(other.ToDecode(network), new(), other.RunSeed)));
    }

    [Fact]
    public void Every_target_group_costs_one_pass_and_scoring_costs_one() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var targets = PartitionModule.targets(given.Partition);
        var steps = GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).ToArray();

        Assert.Equal(targets.Length, network.Passes);
        Assert.Equal(Enumerable.Range(1, targets.Length), steps.Select(step => step.ForwardPasses));
        Assert.Equal(targets, steps.Select(step => step.Tokens.Select(token => token.Position).ToArray()));

        _ = Scorer.Score(PartialSequence.ToScore(network, given.Tokens, given.Partition));
        Assert.Equal(targets.Length + (targets.Length > 0 ? 1 : 0), network.Passes);
    });

    [Fact]
    public void What_stands_at_open_positions_does_not_matter() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        int[] blanked = [.. given.Tokens.Select((token, i) => PartitionModule.isEvidence(i, given.Partition) ? token : -1)];

        Assert.Equal(
            GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).SelectMany(step => step.Tokens),
            GroupwiseDecoder.Decode((given with { Tokens = blanked }).ToDecode(network), Nucleus, given.RunSeed)
                .SelectMany(step => step.Tokens));
    });

    [Fact]
    public void Cancellation_throws_between_steps_and_frees_the_sequence()
    {
        using var network = new FakeNetwork();
        using var cancellation = new CancellationTokenSource();
        var given = new DecodingCase(new int[4], [0, 1, 2, 3], 1, 0);
        var steps = 0;

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var step in GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed, cancellation.Token))
            {
                steps++;
                cancellation.Cancel();
            }
        });
        Assert.Equal(1, steps);
        Assert.Equal(1, network.Passes);
        Assert.Equal(0, network.OpenSequences);
    }

    [Fact]
    public void An_abandoned_run_frees_the_sequence()
    {
        using var network = new FakeNetwork();
        var given = new DecodingCase(new int[4], [0, 1, 2, 3], 1, 0);

        _ = GroupwiseDecoder.Decode(given.ToDecode(network), Nucleus, given.RunSeed).First();

        Assert.Equal(0, network.OpenSequences);
    }

    [Fact]
    public void A_canvas_checks_its_arguments_before_any_work()
    {
        using var network = new FakeNetwork(vocabulary: 7, context: 4);
        using var causal = new FakeNetwork(queryStream: false);
        var three = PartitionModule.ofRanks(1, [0, 1, 1]);

        Assert.StartsWith(
            "2 tokens, but the partition has 3 positions",
            Assert.Throws<RequestException>(() => PartialSequence.ToDecode(network, [1, 2], three)).Message);
        Assert.StartsWith(
            "tokens[0] = 7, but the vocabulary holds only 0..6.",
            Assert.Throws<RequestException>(() => PartialSequence.ToDecode(network, [7, 0, 0], three)).Message);
        Assert.StartsWith(
            "tokens[2] = -1,",
            Assert.Throws<RequestException>(() => PartialSequence.ToScore(network, [1, 0, -1], three)).Message);
        Assert.StartsWith(
            "No tokens;",
            Assert.Throws<RequestException>(() => PartialSequence.ToDecode(network, [], PartitionModule.ofRanks(0, []))).Message);
        Assert.StartsWith(
            "5 positions, but the model's context holds 4",
            Assert.Throws<RequestException>(() => PartialSequence.ToDecode(network, new int[5], PartitionModule.ofRanks(0, new int[5]))).Message);
        Assert.StartsWith(
            "This checkpoint has no query stream",
            Assert.Throws<RequestException>(() => PartialSequence.ToDecode(causal, new int[3], three)).Message);
        Assert.Equal(0, network.Passes + network.OpenSequences);
    }
}

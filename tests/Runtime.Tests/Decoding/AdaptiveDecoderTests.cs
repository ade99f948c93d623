using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class AdaptiveDecoderTests
{
    private static readonly SamplingOptions Sampling = new() { Temperature = 0.9, TopP = 0.95 };

    private static readonly string[] Policies =
    [
        "confidence | constant 2 | window 4",
        "entropy | threshold 1.7",
        "margin | constant 1",
        "random | constant 3",
        "leftmost | schedule cosine 3",
    ];

    [Fact]
    public void A_replay_and_a_score_under_the_returned_partition_give_the_same_log_probabilities() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var sequence = given.ToDecode(network);
        var policy = Adaptive(Policies[given.Seed % Policies.Length]);
        var steps = AdaptiveDecoder.Decode(sequence, policy, Sampling, given.RunSeed).ToArray();
        var partition = AdaptiveDecoder.PartitionOf(sequence, steps);
        var replay = GroupwiseDecoder.Decode(PartialSequence.ToDecode(network, given.Tokens, partition), Sampling, given.RunSeed).ToArray();
        var filled = DecodingCase.Filled(given.Tokens, steps.SelectMany(step => step.Tokens));

        Assert.Equal(steps.Select(step => step.ForwardPasses), replay.Select(step => step.ForwardPasses));
        Assert.Equal(steps.SelectMany(step => step.Tokens), replay.SelectMany(step => step.Tokens));
        Assert.Equal(
            steps.SelectMany(step => step.Tokens).OrderBy(token => token.Position).Select(token => token.LogProbability),
            Scorer.Score(PartialSequence.ToScore(network, filled, partition)).Select(score => score.LogProbability));
        Assert.Equal(0, network.OpenSequences);
    });

    [Fact]
    public void Every_open_position_is_committed_once_and_evidence_stays() => DecodingCase.ForAll(given =>
    {
        using var network = new FakeNetwork(DecodingCase.Vocabulary);
        var sequence = given.ToDecode(network);
        var open = PartitionModule.targets(given.Partition).SelectMany(group => group).Order();

        var policy = Adaptive("confidence | constant 3");

        Assert.Equal(open, Positions(AdaptiveDecoder.Decode(sequence, policy, Sampling, given.RunSeed)));
        Assert.Equal(open, Positions(ReferenceDecoder.Decode(sequence, policy, Sampling, given.RunSeed)));
    });

    [Fact]
    public void A_run_can_be_repeated_from_the_same_sequence_of_steps()
    {
        using var network = new FakeNetwork();
        var given = new DecodingCase(new int[9], [0, 1, 1, 1, 1, 1, 1, 1, 1], 1, 5);
        var sequence = given.ToDecode(network);
        var policy = Adaptive("confidence | constant 2");
        var run = AdaptiveDecoder.Decode(sequence, policy, Sampling, given.RunSeed);
        var reference = ReferenceDecoder.Decode(sequence, policy, Sampling, given.RunSeed);

        Assert.Equal(4, run.Count());
        Assert.Equal(run.SelectMany(step => step.Tokens), run.SelectMany(step => step.Tokens));
        Assert.Equal(reference.SelectMany(step => step.Tokens), reference.SelectMany(step => step.Tokens));
    }

    [Fact]
    public void Prospects_are_confidence_entropy_and_margin_wherever_the_tokens_stand()
    {
        double[][] orders = [[0.2, 0.5, 0.3, 0], [0.3, 0.5, 0, 0.2], [0.5, 0.3, 0.2, 0], [0, 0.2, 0.3, 0.5]];

        foreach (var probabilities in orders)
        {
            float[] logits = [.. probabilities.Select(p => (float)Math.Log(p) - 2)];
            var prospect = ConfidenceStatistics.Of(6, logits);

            Assert.Equal(6, prospect.Position);
            Assert.Equal(0.5, prospect.Confidence, 1e-6);
            Assert.Equal(-(0.2 * Math.Log(0.2)) - (0.5 * Math.Log(0.5)) - (0.3 * Math.Log(0.3)), prospect.Entropy, 1e-6);
            Assert.Equal(0.2, prospect.Margin, 1e-6);
        }
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(16, 3, 3)]
    [InlineData(33, 5, 21)]
    [InlineData(1000, 999, 500)]
    [InlineData(1000, 8, 999)]
    public void Prospects_of_many_tokens_are_those_of_float64(int vocabulary, int best, int next)
    {
        var random = new Random(vocabulary + best);
        float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => 30 * random.NextSingle() - 15)];
        (logits[next], logits[best]) = (15.5f, 16);
        if (vocabulary > 2)
        {
            logits[vocabulary / 2 + 1] = float.NegativeInfinity;
        }


        var weights = logits.Select(logit => Math.Exp((double)logit - 16)).ToArray();
        var probabilities = weights.Select(weight => weight / weights.Sum()).OrderDescending().ToArray();
        var prospect = ConfidenceStatistics.Of(6, logits);

        Assert.Equal(probabilities[0], prospect.Confidence, 3e-7);
        Assert.Equal(-probabilities.Where(p => p > 0).Sum(p => p * Math.Log(p)), prospect.Entropy, 2e-6);
        Assert.Equal(probabilities[0] - probabilities.ElementAtOrDefault(1), prospect.Margin, 3e-7);
    }

    [Fact]
    public void Cancellation_throws_between_steps()
    {
        using var network = new FakeNetwork();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var given = new DecodingCase(new int[4], [0, 1, 2, 3], 1, 0);

        var sequence = given.ToDecode(network);
        var policy = Adaptive("confidence | constant 1");

        Assert.Throws<OperationCanceledException>(
            () => AdaptiveDecoder.Decode(sequence, policy, new(), given.RunSeed, cancelled.Token).First());
        Assert.Throws<OperationCanceledException>(
            () => ReferenceDecoder.Decode(sequence, policy, new(), given.RunSeed, cancelled.Token).First());
        Assert.Equal(0, network.Passes + network.OpenSequences);
    }

    private static IEnumerable<int> Positions(IEnumerable<DecodingStep> steps) =>
        steps.SelectMany(step => step.Tokens).Select(token => token.Position).Order();

    private static Policy.Adaptive Adaptive(string text) => (Policy.Adaptive)PolicyModule.parse(text).ResultValue;
}

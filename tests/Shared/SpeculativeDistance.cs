using Xunit;

namespace A3.Tests;

using A3.Model;

/// <summary>How far what speculative decoding draws is from what sequential decoding draws, on a case small enough to enumerate.</summary>
internal static class SpeculativeDistance
{
    /// <summary>Three tokens, four open positions in an order of their own around one given: 81 outcomes.</summary>
    private static readonly DecodingCase Small = new([2, 0, 0, 0, 0], [0, 3, 1, 4, 2], 1, 0);

    public static readonly SamplingOptions[] Samplings =
        [new(), new() { Temperature = 0.7 }, new() { TopK = 2 }, new() { Temperature = 1.3, TopP = 0.8 }];

    /// <summary>
    /// Total variation between the exact distribution of outcomes and that of many runs, and the most that chance explains:
    /// the expected distance is at most sum sqrt(p (1 - p) / n) / 2, and exceeds its mean by t with probability at most
    /// exp(-2 n t^2) (McDiarmid), here one in a million.
    /// </summary>
    public static (double Distance, double Floor) Distance(SamplingOptions sampling, int window, int runs, Resample redraw)
    {
        using var network = new FakeNetwork(vocabulary: 3, spread: 5);
        var decoded = Small.ToDecode(network);
        var exact = Outcomes().ToDictionary(outcome => outcome, outcome => Probability(network, outcome, sampling));
        var counts = Outcomes().ToDictionary(outcome => outcome, _ => 0);

        for (var run = 0; run < runs; run++)
        {
            var tokens = SpeculativeDecoder.Decode(decoded, window, sampling, SeedModule.ofInt(run), redraw)
                .SelectMany(step => step.Tokens).OrderBy(token => token.Position).Select(token => token.Token);
            counts[string.Concat(tokens)]++;
        }

        Assert.Equal(1, exact.Values.Sum(), 1e-9);
        var distance = exact.Sum(outcome => Math.Abs(outcome.Value - (double)counts[outcome.Key] / runs)) / 2;
        var floor = exact.Values.Sum(p => Math.Sqrt(p * (1 - p) / runs)) / 2 + Math.Sqrt(Math.Log(1e6) / (2 * runs));
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

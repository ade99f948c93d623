using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

/// <summary>Many decodes with one pass: law 12, for every decoder, on both networks.</summary>
public sealed class BatchTests
{
    private const string Plain = "grouped queries";
    private const string Preceding = "preceding, grouped, odd sizes";

    private static readonly SamplingOptions Nucleus = new() { Temperature = 0.8, TopP = 0.9 };

    /// <summary>Decodes of every kind, with orders, lengths and evidence of their own.</summary>
    private static IDecoder[] Decoders(INetwork network) =>
    [
        .. Enumerable.Range(0, 12).Select(IDecoder (row) =>
        {
            var given = DecodingCase.Random(row, 5 + 4 * row, network.Architecture.Vocabulary);
            var canvas = given.ToDecode(network);
            var sampler = new Sampler(Nucleus, given.RunSeed);
            var adaptive = (Policy.Adaptive)Policy.NewAdaptive(Criterion.Entropy, Amount.NewConstant(2), null);
            return (row % 5) switch
            {
                0 => new GroupwiseDecoder(canvas, sampler),
                1 => new AdaptiveDecoder(canvas, adaptive, sampler),
                2 => SpeculativeDecoder.Create(Singletons(given).ToDecode(network), 3, new(sampler, SpeculativeRule.Residual)),
                3 => CausalDecoder.Create(network, given.Tokens.AsSpan(..3), 2 * row, sampler),
                _ => new UncachedDecoder(canvas, sampler),
            };
        }),
    ];

    private static DecodingCase Singletons(DecodingCase given) =>
        given with { Ranks = [.. Enumerable.Range(0, given.Tokens.Length)], Evidence = 2 };

    private static DecodedToken[] Alone(INetwork network, IDecoder decoder) =>
        [.. DecodeLoop.Run(network, () => decoder).SelectMany(step => step.Tokens)];

    private static DecodedToken[][] Together(INetwork network, IDecoder[] decoders)
    {
        var states = Array.ConvertAll(decoders, decoder => new DecodeState(network, decoder));
        using var pass = network.NewPass();
        var steps = DecodeLoop.RunAll(states, pass, CancellationToken.None).ToLookup(item => item.Index, item => item.Step);
        Array.ForEach(states, state => state.Dispose());
        return [.. decoders.Select((_, row) => steps[row].SelectMany(step => step.Tokens).ToArray())];
    }

    [Theory(DisplayName = "Law 12: in a batch of any orders, lengths and algorithms each row gets the bits it gets alone")]
    [InlineData(Plain, 1)]
    [InlineData(Plain, 2)]
    [InlineData(Preceding, 2)]
    public void SameBits(string kind, int threads)
    {
        using var network = RandomNetwork.Create(RandomNetwork.Kinds[kind], threads);

        Assert.Equal(
            Decoders(network).Select(decoder => Alone(network, decoder)),
            Together(network, Decoders(network)));
    }

    [Theory(DisplayName = "Law 12 on libtorch: in a batch each row gets the tokens it gets alone, and on the managed network")]
    [InlineData(Plain)]
    [InlineData(Preceding)]
    public void SameTokens(string kind)
    {
        using var network = RandomNetwork.OnTorch(RandomNetwork.Kinds[kind]);
        AssertSameTokens(network, RandomNetwork.Kinds[kind]);
    }

    /// <summary>Decodes of every kind draw the same tokens together as alone, and as on the managed network of that architecture.</summary>
    internal static void AssertSameTokens(INetwork network, Architecture architecture)
    {
        using var managed = RandomNetwork.Create(architecture);
        var together = Together(network, Decoders(network));
        AssertSame(Decoders(network).Select(decoder => Alone(network, decoder)), together);
        AssertSame(Decoders(managed).Select(decoder => Alone(managed, decoder)), together);

        static void AssertSame(IEnumerable<DecodedToken[]> alone, DecodedToken[][] together)
        {
            foreach (var (expected, actual) in alone.Zip(together))
            {
                Assert.Equal(expected.Select(token => (token.Position, token.Token)), actual.Select(token => (token.Position, token.Token)));
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 1e-4));
            }
        }
    }

    [Fact(DisplayName = "A round of a batch is one pass, and rows that are done take no part")]
    public void OnePass()
    {
        using var network = new FakeNetwork();
        DecodingCase[] cases = [.. Enumerable.Range(1, 4).Select(row => DecodingCase.Random(row, 3 * row, 7))];
        var decoders = Array.ConvertAll(cases, given => new GroupwiseDecoder(given.ToDecode(network), new(new(), given.RunSeed)));
        var longest = cases.Max(given => PartitionModule.targets(given.Partition).Length);

        Together(network, decoders);

        Assert.Equal(longest, network.Passes);
        Assert.Equal(0, network.OpenSequences);
    }

    [Fact(DisplayName = "Scoring many texts at once gives the bits of scoring each alone")]
    public void SameScores()
    {
        using var network = RandomNetwork.Create(RandomNetwork.Kinds[Plain]);
        DecodingCase[] cases = [.. Enumerable.Range(1, 9).Select(row => DecodingCase.Random(row, 5 * row, network.Architecture.Vocabulary))];
        var canvases = Array.ConvertAll(cases, given => Canvas.ToScore(network, given.Tokens, given.Partition));
        IScoring[] scorings =
        [
            .. canvases.Select(canvas => Scorer.Of(canvas)),
            .. cases.Select(given => Scorer.OfCausal(network, given.Tokens, 2)),
        ];

        Assert.Equal(
            [
                .. canvases.Select(canvas => Scorer.Score(canvas)),
                .. cases.Select(given => Scorer.ScoreCausal(network, given.Tokens, 2)),
            ],
            Scorer.ScoreAll(network, scorings, CancellationToken.None));
    }
}

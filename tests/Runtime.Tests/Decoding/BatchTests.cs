using Xunit;
using static A3.Tests.DecodingBatches;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

/// <summary>Many decodes with one pass: law 12, for every decoder.</summary>
public sealed class BatchTests
{
    private const string Plain = "grouped queries";
    private const string Preceding = "preceding, grouped, odd sizes";

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
        var canvases = Array.ConvertAll(cases, given => PartialSequence.ToScore(network, given.Tokens, given.Partition));
        IScoring[] scorings =
        [
            .. canvases.Select(sequence => Scorer.Of(sequence)),
            .. cases.Select(given => Scorer.OfCausal(network, given.Tokens, 2)),
        ];

        Assert.Equal(
            [
                .. canvases.Select(sequence => Scorer.Score(sequence)),
                .. cases.Select(given => Scorer.ScoreCausal(network, given.Tokens, 2)),
            ],
            Scorer.ScoreAll(network, scorings, CancellationToken.None));
    }
}

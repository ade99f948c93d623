using TorchSharp;
using Xunit;

namespace A3.Torch.Tests;

using A3.Model;

/// <summary>Drawing as tensor operations = drawing on the host, number by number.</summary>
public sealed class TorchSamplingTests
{
    private const int Rows = 40;
    private const int Vocabulary = 57;

    public static readonly TheoryData<double, int?, double> Options = new()
    {
        { 1, null, 1 },
        { 0, null, 1 },
        { 0.7, 5, 1 },
        { 1.3, null, 0.8 },
        { 0.9, 12, 0.6 },
        { 1, 1000, 1e-9 },
        { 1, null, double.Epsilon },
        { 1e-310, null, 1 },
        { double.Epsilon, 7, 0.9 },
        { 1e-40, null, 1 },
        { 1e-3, null, 1 },
        { 1e45, null, 1 },
        { double.MaxValue, 7, 0.9 },
    };

    private static float[] Logits(bool ties)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Rows * Vocabulary).Select(_ => ties ? random.Next(4) : 6 * random.NextSingle())];
    }

    private static readonly TokenSet Even = TokenSet.Where(Vocabulary, token => token % 2 == 0);

    /// <summary>Every third row may hold only even tokens, and is scored among those below 40.</summary>
    private static PredictedRow Row(int row) => row % 3 == 0
        ? new(row, row) { Allowed = Even, Agreeing = TokenSet.Where(Vocabulary, token => token < 40) }
        : new(row, row);

    private static (HostPredictions Host, TorchPredictions Device) Both(float[] logits)
    {
        Native.ensure();
        var host = new HostPredictions(Vocabulary);
        logits.CopyTo(host.Renew(Rows));
        var device = new TorchPredictions(torch.CPU);
        using var rows = torch.tensor(logits, Rows, Vocabulary);
        device.Renew(rows);
        return (host, device);
    }

    /// <summary>Borders and forbidden texts make sets that are needed once; a long batch makes many.</summary>
    [Fact]
    public void Sets_of_tokens_that_stay_on_the_device_are_bounded()
    {
        var (_, device) = Both(Logits(ties: false));
        using (device)
        {
            var sampler = new Sampler(new(), SeedModule.ofInt(1));
            var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            for (var token = 0; token < Vocabulary; token++)
            {
                device.Draw([new(0, 0) { Allowed = TokenSet.Of(Vocabulary, [token]) }], sampler);
            }

            Assert.InRange(DisposeScopeManager.Statistics.ThreadTotalLiveCount - before, 1, 32);
        }
    }

    [Theory(DisplayName = "Tokens and log-probabilities drawn on the device are those drawn on the host")]
    [MemberData(nameof(Options))]
    public void Draws(double temperature, int? topK, double topP)
    {
        foreach (var ties in new[] { false, true })
        {
            var (host, device) = Both(Logits(ties));
            using var owned = device;
            var sampler = new Sampler(
                new() { Temperature = temperature, TopK = topK, TopP = topP }, SeedModule.ofInt(5));
            PredictedRow[] rows = [.. Enumerable.Range(0, Rows).Reverse().Select(Row)];
            var (expected, actual) = (host.Draw(rows, sampler), device.Draw(rows, sampler));

            Assert.Equal(expected.Select(token => (token.Position, token.Token)), actual.Select(token => (token.Position, token.Token)));
            Assert.All(expected.Zip(actual), pair =>
            {
                Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 3e-7);
                Assert.Equal(pair.First.SamplingLogProbability, pair.Second.SamplingLogProbability, 3e-7);
            });
            Assert.All(actual.Where(token => token.Position % 3 == 0), token => Assert.Equal(0, token.Token % 2));
        }
    }

    [Fact(DisplayName = "What a policy goes by is the same on the device and on the host")]
    public void Assesses()
    {
        var (host, device) = Both(Logits(false));
        using var owned = device;
        var sampler = new Sampler(new(), SeedModule.ofInt(5));
        PredictedRow[] rows = [.. Enumerable.Range(0, Rows).Select(Row)];
        var (expected, actual) = (host.Assess(rows, sampler), device.Assess(rows, sampler));

        Assert.All(expected.Zip(actual), pair =>
        {
            Assert.Equal(pair.First.Position, pair.Second.Position);
            Assert.Equal(pair.First.Confidence, pair.Second.Confidence, 3e-7);
            Assert.Equal(pair.First.Entropy, pair.Second.Entropy, 3e-7);
            Assert.Equal(pair.First.Margin, pair.Second.Margin, 3e-7);
        });
    }

    [Fact(DisplayName = "Scores of known tokens are the same on the device and on the host")]
    public void Scores()
    {
        var (host, device) = Both(Logits(false));
        using var owned = device;
        int[] tokens = [.. Enumerable.Range(0, 20).Select(row => 2 * row)];
        var (expected, actual) = (host.Score(7, tokens), device.Score(7, tokens));

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 3e-7));
        Assert.Equal(host.Logits(11), device.Logits(11));
    }
}

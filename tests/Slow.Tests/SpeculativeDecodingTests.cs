using Xunit;

namespace A3.Slow.Tests;

public sealed class SpeculativeDecodingTests
{
    [SlowTheory(DisplayName = "Law 11: speculative decoding draws from the distribution of sequential decoding, with every window under every sampling")]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void SameDistribution(int window) => Assert.All(SpeculativeDistance.Samplings, sampling =>
    {
        var (distance, floor) = SpeculativeDistance.Distance(sampling, window, 20_000, SpeculativeRule.Residual);
        Assert.True(distance <= floor, $"{sampling}, window {window}: total variation {distance} above {floor}.");
    });
}

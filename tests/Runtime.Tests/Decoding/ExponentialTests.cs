using System.Numerics;
using Xunit;

namespace A3.Runtime.Tests;

public sealed class ExponentialTests
{
    private static double Exp(double x) => Exponential.Of(Vector.Create(x))[0];

    [Fact(DisplayName = "exp agrees with the library's to 1 part in 10^14 wherever a softmax looks")]
    public void Agrees()
    {
        for (var x = -699.9; x < 50; x += 0.0377)
        {
            Assert.InRange(Exp(x) / Math.Exp(x), 1 - 1e-14, 1 + 1e-14);
        }
    }

    [Fact(DisplayName = "exp of 0 is exactly 1, and of what is far below or forbidden exactly 0")]
    public void Ends() => Assert.Equal((1, 0, 0), (Exp(0), Exp(-701), Exp(double.NegativeInfinity)));

    [Theory(DisplayName = "The log-probability known after a draw is that of scoring, bit for bit")]
    [InlineData(0.0)]
    [InlineData(0.7)]
    [InlineData(1.0)]
    public void LogProbabilities(double temperature)
    {
        var random = new Random(5);
        float[] logits = [.. Enumerable.Range(0, 333).Select(_ => random.NextSingle() * 9)];
        var distribution = new SamplingDistribution(logits.Length);
        distribution.Load(logits, new SamplingOptions { Temperature = temperature, TopK = 5 });

        Assert.All(Enumerable.Range(0, logits.Length), token =>
            Assert.Equal(LogSoftmax.Of(logits, token), distribution.LogProbability(logits, token)));
    }

    [Fact(DisplayName = "A draw is the token at which the sum of the weights before and its own passes the number")]
    public void Draws()
    {
        var random = new Random(3);
        double[] weights = [.. Enumerable.Range(0, 1000).Select(_ => (double)random.Next(3))];
        double[] sums = [.. weights.Select((_, i) => weights[..(i + 1)].Sum())];

        for (var number = 0.5; number < sums[^1]; number++)
        {
            Assert.Equal(Array.FindIndex(sums, sum => sum > number), SamplingDistribution.Draw(weights, number));
        }

        Assert.Equal(Array.FindLastIndex(weights, weight => weight > 0), SamplingDistribution.Draw(weights, sums[^1]));
        Assert.Equal(Array.FindIndex(weights, weight => weight > 0), SamplingDistribution.Draw(weights, 0));
    }
}

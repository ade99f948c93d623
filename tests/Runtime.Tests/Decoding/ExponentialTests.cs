using Xunit;

namespace A3.Runtime.Tests;

public sealed class ExponentialTests
{
    private const int Vocabulary = 333;

    private static float[] Logits(int seed, float spread)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (random.NextSingle() - 0.5f) * spread)];
    }

    [Fact(DisplayName = "Every weight is exp to 3 parts in 10^7 of what the float32 distance to the largest logit gives, down to 10^-36")]
    public void Weights()
    {
        var weights = new float[Vocabulary];
        var logits = Logits(seed: 1, spread: 84);
        var max = LogSoftmax.Max(logits);
        LogSumExp.Exponentials(logits, max, 1, weights);

        Assert.All(logits.Zip(weights), pair =>
            Assert.InRange(pair.Second / Math.Exp(pair.First - max), 1 - 3e-7, 1 + 3e-7));
    }

    [Fact(DisplayName = "The largest logit has weight exactly 1, what is far below or forbidden exactly 0, at any temperature")]
    public void Ends()
    {
        var weights = new float[4];

        foreach (var temperature in new[] { double.Epsilon, 1e-300, 1, 1e300, double.MaxValue })
        {
            LogSumExp.Exponentials([7, float.NegativeInfinity, 7, -93], 7, LogSoftmax.Factor(temperature), weights);
            Assert.Equal([1, 0, 1], weights[..3]);
            Assert.Equal(temperature > 1 ? 1 : 0, weights[3]);
        }
    }

    [Theory(DisplayName = "The sum of all is that of the weights, whatever is left of the last block")]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(333)]
    public void Sums(int vocabulary)
    {
        var weights = new float[vocabulary];
        var total = LogSumExp.Exponentials(Logits(2, 9).AsSpan(0, vocabulary), 4.5f, 1, weights);

        Assert.Equal(weights.Sum(weight => (double)weight), total, 1e-12);
    }

    [Theory(DisplayName = "A draw by the sums of blocks is the token at which the cumulative probability passes the number")]
    [InlineData(null)]
    [InlineData(40)]
    public void BlockDraws(int? topK)
    {
        var distribution = new SamplingDistribution(Vocabulary);
        distribution.Load(Logits(3, 6), new SamplingOptions { TopK = topK });
        var probabilities = distribution.Probabilities.ToArray();
        var (sum, token) = (0.0, 0);

        for (var number = 0.0005; number < 1; number += 0.001)
        {
            while (sum + probabilities[token] <= number)
            {
                sum += probabilities[token++];
            }

            Assert.Equal(token, distribution.Draw(number));
            Assert.Equal(probabilities[token], distribution.Probability(token));
        }

        Assert.Equal(Array.FindLastIndex(probabilities, p => p > 0), distribution.Draw(1));
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

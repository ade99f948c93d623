using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Softmax by blocks is softmax.</summary>
public sealed class BlockSumsTests
{
    private static float[] Logits(int vocabulary, float spread)
    {
        var random = new Random(vocabulary);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => (random.NextSingle() - 0.5f) * spread)];
    }

    /// <summary>In row 1, with the blocks added from the last to the first.</summary>
    private static BlockSums Of(float[] logits, float factor = 1)
    {
        var sums = new BlockSums(logits.Length);
        sums.Renew(2);
        for (var block = LogSoftmax.BlocksOf(logits.Length) - 1; block >= 0; block--)
        {
            sums.Add(1, block, block + 1, logits, factor);
        }

        return sums;
    }

    private static double[] LogProbabilities(float[] logits, double factor)
    {
        var max = logits.Max();
        var normaliser = Math.Log(logits.Sum(logit => Math.Exp(factor * ((double)logit - max))));
        return [.. logits.Select(logit => factor * ((double)logit - max) - normaliser)];
    }

    [Theory(DisplayName = "Log-probabilities are those of float64 to 1e-6, whatever is left of the last block")]
    [InlineData(1, 9, 1)]
    [InlineData(127, 9, 1)]
    [InlineData(333, 60, 1)]
    [InlineData(4096, 170, 0.5)]
    [InlineData(20_001, 9, 3)]
    public void Values(int vocabulary, float spread, float factor)
    {
        var logits = Logits(vocabulary, spread);
        var sums = Of(logits, factor);

        Assert.All(LogProbabilities(logits, factor).Zip(logits), pair => Assert.Equal(pair.First, sums.LogProbability(1, pair.Second), 1e-6));
    }

    [Fact(DisplayName = "At temperature 1 they are those of scoring, bit for bit")]
    public void Scoring()
    {
        var logits = Logits(4099, 9);
        var sums = Of(logits);

        Assert.All(Enumerable.Range(0, logits.Length).Where(token => token % 40 == 0), token =>
            Assert.Equal(LogSoftmax.Of(logits, token), sums.LogProbability(1, logits[token])));
    }

    [Theory(DisplayName = "A draw is the token at which the cumulative probability passes the number, at any temperature")]
    [InlineData(7, 1)]
    [InlineData(333, 1)]
    [InlineData(1000, 0.4)]
    [InlineData(1000, 4)]
    public void Draws(int vocabulary, float factor)
    {
        var logits = Logits(vocabulary, 6);
        var sums = Of(logits, factor);
        double[] probabilities = [.. LogProbabilities(logits, factor).Select(Math.Exp)];
        var (sum, token) = (0.0, 0);

        for (var number = 0.0005; number < 1; number += 0.001)
        {
            while (sum + probabilities[token] <= number)
            {
                sum += probabilities[token++];
            }

            Assert.Equal(token, sums.Draw(1, number, logits).Token);
        }
    }

    [Fact(DisplayName = "Forbidden tokens and blocks of nothing else are never drawn, not even by what rounding leaves over")]
    public void Forbidden()
    {
        const int Vocabulary = 1000, Only = 300;
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(token => token == Only ? 2f : float.NegativeInfinity)];
        var sums = Of(logits);

        Assert.All([0, 0.5, 1 - 1e-16, 1], uniform => Assert.Equal(Only, sums.Draw(1, uniform, logits).Token));
        Assert.Equal(0, sums.LogProbability(1, logits[Only]));
        Assert.Equal(double.NegativeInfinity, sums.LogProbability(1, logits[0]));
    }

    [Fact(DisplayName = "What is too far below the largest logit to weigh anything is not drawn")]
    public void Faint()
    {
        float[] logits = [.. Enumerable.Range(0, 400).Select(token => token == 200 ? 100f : -100f)];
        Assert.All([0, 0.5, 1], uniform => Assert.Equal(200, Of(logits).Draw(1, uniform, logits).Token));
    }

    [Fact(DisplayName = "The likeliest token is the lowest of the largest logits")]
    public void Likeliest()
    {
        var logits = Logits(1000, 6);
        (logits[400], logits[130], logits[999]) = (9, 9, 9);
        Assert.Equal(130, Of(logits).Likeliest(1, logits));
        Assert.Equal(9, Of(logits).Largest(1));
    }

    [Theory(DisplayName = "A logit that is not a number is an error, in whatever block, and so is an infinite one")]
    [InlineData(0, float.NaN)]
    [InlineData(199, float.NaN)]
    [InlineData(130, float.PositiveInfinity)]
    public void Damage(int place, float value)
    {
        var logits = Logits(200, 6);
        logits[place] = value;
        Assert.Throws<InvalidOperationException>(() => Of(logits).LogProbability(1, 0));
    }
}

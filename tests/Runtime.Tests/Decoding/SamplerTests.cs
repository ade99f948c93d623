using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

public sealed class SamplerTests
{
    // Probabilities 0.05, 0.4, 0.25, 0.25, 0.05.
    private static readonly float[] Logits = [.. new[] { 0.05, 0.4, 0.25, 0.25, 0.05 }.Select(p => (float)Math.Log(p) + 3)];

    private static double[] Distribution(SamplingOptions options, float[]? logits = null)
    {
        logits ??= Logits;
        var distribution = new SamplingDistribution(logits.Length);
        distribution.Load(logits, options);
        Assert.Equal(1, distribution.Probabilities.ToArray().Sum(), 1e-12);
        return distribution.Probabilities.ToArray();
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void The_default_is_the_models_distribution() => AssertClose([0.05, 0.4, 0.25, 0.25, 0.05], Distribution(new()));

    [Fact]
    public void Temperature_divides_the_logits()
    {
        double[] squares = [.. new[] { 0.05, 0.4, 0.25, 0.25, 0.05 }.Select(p => p * p)];

        AssertClose([.. squares.Select(square => square / squares.Sum())], Distribution(new() { Temperature = 0.5 }));
        AssertClose([0, 1, 0, 0, 0], Distribution(new() { Temperature = 1e-300 }));
        AssertClose([0.2, 0.2, 0.2, 0.2, 0.2], Distribution(new() { Temperature = 1e300 }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    public void Greedy_takes_the_likeliest_and_of_equals_the_lowest(double temperature)
    {
        var options = new SamplingOptions { Temperature = temperature, TopK = 1 };

        AssertClose([0, 1, 0, 0, 0], Distribution(options));
        AssertClose([0, 1, 0, 0], Distribution(options, [0f, 2f, 1f, 2f]));
    }

    [Fact]
    public void Top_k_keeps_the_likeliest_and_of_equals_the_lower_ids()
    {
        AssertClose([0, 1, 0, 0, 0], Distribution(new() { TopK = 1 }));
        AssertClose([0, 0.4 / 0.65, 0.25 / 0.65, 0, 0], Distribution(new() { TopK = 2 }));
        AssertClose([0.05, 0.4, 0.25, 0.25, 0.05], Distribution(new() { TopK = 5 }));
        AssertClose([0.05, 0.4, 0.25, 0.25, 0.05], Distribution(new() { TopK = 500 }));
    }

    [Fact]
    public void Top_p_keeps_the_fewest_that_reach_the_mass()
    {
        AssertClose([0, 1, 0, 0, 0], Distribution(new() { TopP = double.Epsilon }));
        AssertClose([0, 1, 0, 0, 0], Distribution(new() { TopP = 0.39 }));
        AssertClose([0, 0.4 / 0.65, 0.25 / 0.65, 0, 0], Distribution(new() { TopP = 0.41 }));
        AssertClose([0, 0.4 / 0.9, 0.25 / 0.9, 0.25 / 0.9, 0], Distribution(new() { TopP = 0.89 }));
        AssertClose([0.05, 0.4, 0.25, 0.25, 0.05], Distribution(new() { TopP = Math.BitDecrement(1.0) }));
    }

    [Fact]
    public void Top_p_applies_to_what_top_k_left()
    {
        // Of 0.4 and 0.25 the first holds 0.615.
        AssertClose([0, 1, 0, 0, 0], Distribution(new() { TopK = 2, TopP = 0.6 }));
        AssertClose([0, 0.4 / 0.65, 0.25 / 0.65, 0, 0], Distribution(new() { TopK = 2, TopP = 0.62 }));
    }

    [Fact]
    public void A_forbidden_token_is_never_drawn()
    {
        AssertClose([0, 1, 0], Distribution(new() { TopP = 0.999 }, [float.NegativeInfinity, 1, float.NegativeInfinity]));
        AssertClose([0, 1, 0], Distribution(new(), [float.NegativeInfinity, 1, float.NegativeInfinity]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Damaged_logits_are_an_error(float damage)
    {
        for (var place = 0; place < 19; place++)
        {
            var logits = new float[19];
            logits[place] = damage;
            Assert.Throws<InvalidOperationException>(() => Distribution(new(), logits));
            Assert.Throws<InvalidOperationException>(() => Distribution(SamplingOptions.Greedy, logits));
        }

        Assert.Throws<InvalidOperationException>(() => Distribution(new(), [float.NegativeInfinity, float.NegativeInfinity]));
    }

    [Theory]
    [InlineData(0.7, 4, 0.95)]
    [InlineData(0.7, null, 1)]
    [InlineData(1, null, 1)]
    public void Counts_follow_the_probabilities(double temperature, int? topK, double topP)
    {
        const int Draws = 20_000;
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP };
        var expected = Distribution(options);
        var sampler = new Sampler(options, SeedModule.ofInt(11));
        var predictions = new HostPredictions(Logits.Length);
        Logits.CopyTo(predictions.Renew(1));
        var counts = new int[Logits.Length];

        for (var position = 0; position < Draws; position++)
        {
            var drawn = predictions.Draw([new(0, position)], sampler)[0];
            counts[drawn.Token]++;
            Assert.Equal(Math.Log(expected[drawn.Token]), drawn.SamplingLogProbability, 3e-7);
            Assert.Equal(LogSoftmax.Of(Logits, drawn.Token), drawn.LogProbability);
        }

        // Five standard deviations of a binomial count: one run in a million fails by chance, and the seed is fixed.
        for (var token = 0; token < counts.Length; token++)
        {
            var deviation = Math.Sqrt(Draws * expected[token] * (1 - expected[token]));
            Assert.InRange(counts[token], Draws * expected[token] - 5 * deviation, Draws * expected[token] + 5 * deviation);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(33)]
    public void Log_probabilities_are_good_to_a_millionth(int vocabulary)
    {
        float[] logits = [.. Enumerable.Range(0, vocabulary).Select(i => 60f * (float)SeedModule.uniform(SeedModule.ofInt(i)) - 30f)];
        var normalizer = Math.Log(logits.Sum(logit => Math.Exp(logit)));

        for (var token = 0; token < vocabulary; token++)
        {
            Assert.Equal(logits[token] - normalizer, LogSoftmax.Of(logits, token), 1e-6);
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        Assert.Equal("Temperature", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { Temperature = -0.1 }).ParamName);
        Assert.Equal("Temperature", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { Temperature = double.NaN }).ParamName);
        Assert.Equal("TopK", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { TopK = 0 }).ParamName);
        Assert.Equal("TopP", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { TopP = 0 }).ParamName);
        Assert.Equal("TopP", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { TopP = 1.01 }).ParamName);
        Assert.Equal("TopP", Assert.Throws<ArgumentOutOfRangeException>(() => new SamplingOptions { TopP = double.NaN }).ParamName);
    }
}

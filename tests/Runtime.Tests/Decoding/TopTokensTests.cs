using Xunit;

namespace A3.Runtime.Tests.Decoding;

public sealed class HeaviestTokensTests
{
    /// <summary>Weights of many magnitudes, with ties and zeros.</summary>
    private static float[] Weights(Random random)
    {
        var spread = random.Next(1, 90);
        var steps = random.Next(2, 2000);
        return
        [
            .. Enumerable.Range(0, random.Next(1, 400)).Select(_ =>
                random.Next(10) == 0 ? 0 : (float)Math.Pow(2, -spread * (double)random.Next(steps) / steps)),
        ];
    }

    private static float[] Kept(float[] weights, IEnumerable<int> tokens)
    {
        var kept = new float[weights.Length];
        foreach (var token in tokens)
        {
            kept[token] = weights[token];
        }

        return kept;
    }

    private static int[] Sorted(float[] weights) =>
        [.. Enumerable.Range(0, weights.Length).OrderByDescending(token => weights[token]).ThenBy(token => token)];

    [Fact]
    public void The_k_heaviest_are_those_that_sorting_finds()
    {
        var heaviest = new TopTokens();
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var weights = Weights(random);
            var count = random.Next(1, weights.Length + 3);
            var expected = Kept(weights, Sorted(weights).Take(count));
            heaviest.Keep(weights, count);
            Assert.Equal(expected, weights);
        }
    }

    [Fact]
    public void The_fewest_that_reach_a_mass_are_those_that_sorting_finds()
    {
        var heaviest = new TopTokens();
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var weights = Weights(random);
            weights[0] = 1;
            var mass = random.NextDouble();
            var (held, count) = (0.0, 0);
            var order = Sorted(weights);
            while (held < mass * weights.Sum(weight => (double)weight))
            {
                held += weights[order[count++]];
            }

            var expected = Kept(weights, order.Take(count));
            heaviest.KeepMass(weights, mass);
            Assert.Equal(expected, weights);
        }
    }
}

using Xunit;

namespace A3.Runtime.Tests;

using A3.Model;

/// <summary>A pool draws from logits what one thread draws, bit for bit.</summary>
public sealed class HostPredictionsTests
{
    private static HostPredictions Holding(float[] logits, int vocabulary, WorkerPool? pool)
    {
        var predictions = new HostPredictions(vocabulary, pool);
        logits.CopyTo(predictions.Renew(logits.Length / vocabulary));
        return predictions;
    }

    [Theory]
    [InlineData(7, 1, 2)]
    [InlineData(1000, 3, 2)]
    [InlineData(4099, 1, 2)]
    [InlineData(4096, 8, 3)]
    [InlineData(20_001, 19, 5)]
    public void A_team_draws_the_same_bits(int vocabulary, int rows, int size)
    {
        using var pool = new WorkerPool(size);
        var random = new Random(vocabulary);
        float[] logits = [.. Enumerable.Range(0, rows * vocabulary).Select(_ => 8 * random.NextSingle())];
        var (alone, together) = (Holding(logits, vocabulary, null), Holding(logits, vocabulary, pool));
        PredictedRow[] wanted = [.. Enumerable.Range(0, rows).Reverse().Select(row => new PredictedRow(row, 100 + row))];

        foreach (var options in new SamplingOptions[]
        {
            new(), new() { Temperature = 0.6, TopP = 0.9 }, new() { TopK = 5 }, SamplingOptions.Greedy, new() { Temperature = 2 },
        })
        {
            for (var seed = 0; seed < 5; seed++)
            {
                var sampler = new Sampler(options, SeedModule.ofInt(seed));
                Assert.Equal(alone.Draw(wanted, sampler), together.Draw(wanted, sampler));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4500)]
    [InlineData(8999)]
    public void Damaged_logits_are_an_error_of_the_caller(int place)
    {
        using var pool = new WorkerPool(3);
        const int Vocabulary = 9000, Rows = 4;
        var logits = new float[Rows * Vocabulary];
        logits[(2 * Vocabulary) + place] = float.NaN;
        var predictions = Holding(logits, Vocabulary, pool);
        PredictedRow[] wanted = [.. Enumerable.Range(0, Rows).Select(row => new PredictedRow(row, row))];

        foreach (var options in new SamplingOptions[] { new(), SamplingOptions.Greedy })
        {
            Assert.Throws<InvalidOperationException>(() => predictions.Draw(wanted, new Sampler(options, SeedModule.ofInt(1))));
        }

        Assert.Throws<InvalidOperationException>(() => predictions.Assess(wanted, new Sampler(new(), SeedModule.ofInt(1))));
        Assert.Throws<InvalidOperationException>(() => predictions.Score(0, [1, 1, 1, 1]));
    }
}

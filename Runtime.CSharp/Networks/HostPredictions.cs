namespace A3.Runtime;

/// <summary>
/// Logits in the memory of the host, and what is needed to draw from them; grows, and is used again by every pass. Rows are shared
/// out among the team: at 32,000 tokens drawing one takes as long as a layer of a small network.
/// </summary>
/// <param name="vocabulary">Numbers of a row.</param>
/// <param name="team">Who draws; null for the caller alone.</param>
internal sealed class HostPredictions(int vocabulary, WorkerTeam? team = null) : IPredictions
{
    /// <summary>Multiply-adds that a token costs in a draw, about.</summary>
    private const long TokenCost = 32;

    private readonly SamplingDistribution?[] distributions = new SamplingDistribution?[team?.Size ?? 1];
    private float[] logits = [];

    /// <summary>[rows, vocabulary], to be written; what it held before is gone.</summary>
    /// <exception cref="InvalidOperationException">More rows than one array holds.</exception>
    public Span<float> Renew(int rows)
    {
        var needed = (long)rows * vocabulary;

        if (needed > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"{rows} positions asked for at once need {needed * sizeof(float)} bytes of logits, but one pass "
                + $"holds {(long)Array.MaxLength * sizeof(float)}; use smaller groups or a window.");
        }

        if (logits.Length < needed)
        {
            logits = GC.AllocateUninitializedArray<float>((int)needed);
        }

        return logits.AsSpan(0, (int)needed);
    }

    public ReadOnlySpan<float> Logits(int row) => logits.AsSpan(row * vocabulary, vocabulary);

    public double[] Score(int first, int[] tokens)
    {
        var logProbabilities = new double[tokens.Length];
        ForEach(tokens.Length, (_, i) => logProbabilities[i] = LogSoftmax.Of(Logits(first + i), tokens[i]));
        return logProbabilities;
    }

    public DecodedToken[] Draw(PredictedRow[] rows, Sampler sampler)
    {
        var drawn = new DecodedToken[rows.Length];
        ForEach(rows.Length, (own, i) => drawn[i] = sampler.Draw(rows[i].Position, Logits(rows[i].Row), own));
        return drawn;
    }

    public Model.Score[] Assess(PredictedRow[] rows, Sampler sampler)
    {
        var scores = new Model.Score[rows.Length];
        ForEach(rows.Length, (own, i) => scores[i] = sampler.Assess(rows[i].Position, Logits(rows[i].Row), own));
        return scores;
    }

    /// <summary>Each item by one worker, who brings scratch of its own.</summary>
    private void ForEach(int items, Action<SamplingDistribution, int> work)
    {
        void Some(int worker, int start, int end)
        {
            var own = distributions[worker] ??= new(vocabulary);

            for (var i = start; i < end; i++)
            {
                work(own, i);
            }
        }

        if (team is null)
        {
            Some(0, 0, items);
        }
        else
        {
            team.Run(items, TokenCost * vocabulary, Some);
        }
    }
}

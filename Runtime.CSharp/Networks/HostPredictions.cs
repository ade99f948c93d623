namespace A3.Runtime;

/// <summary>Logits in the memory of the host, and the scratch to draw from them; grows, and is used again by every pass.</summary>
internal sealed class HostPredictions(int vocabulary) : IPredictions
{
    private float[] logits = [];
    private SamplingDistribution? distribution;

    private SamplingDistribution Distribution => distribution ??= new(vocabulary);

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

    public void Score(int first, ReadOnlySpan<int> tokens, Span<double> logProbabilities)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            logProbabilities[i] = LogSoftmax.Of(Logits(first + i), tokens[i]);
        }
    }

    public void Draw(ReadOnlySpan<PredictedRow> rows, Sampler sampler, Span<DecodedToken> drawn)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            drawn[i] = sampler.Draw(rows[i].Position, Logits(rows[i].Row), Distribution);
        }
    }

    public void Assess(ReadOnlySpan<PredictedRow> rows, Sampler sampler, Span<Model.Score> scores)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            scores[i] = sampler.Assess(rows[i].Position, Logits(rows[i].Row), Distribution);
        }
    }
}

namespace A3.Runtime;

/// <summary>
/// Logits in the memory of the host, and what is needed to draw from them; grows, and is used again by every pass. The work is shared
/// out among the team: at 32,000 tokens drawing one takes as long as a layer of a small network.
/// </summary>
/// <param name="vocabulary">Numbers of a row.</param>
/// <param name="team">Who draws; null for the caller alone.</param>
internal sealed class HostPredictions(int vocabulary, WorkerTeam? team = null) : IPredictions
{
    /// <summary>Multiply-adds that a token costs in a draw, about; in the search for the largest logit.</summary>
    private const long TokenCost = 32, SearchCost = 4;

    /// <summary>Rows that are drawn together, parts of their vocabularies, and at least so many blocks in a part.</summary>
    private const int RowsTogether = 8, MostParts = 16, FewestBlocks = 4;

    private readonly SamplingDistribution?[] distributions = new SamplingDistribution?[Math.Max(RowsTogether, team?.Size ?? 1)];
    private readonly float[] maxima = new float[RowsTogether * MostParts];
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
        if (team is null || sampler.Options.Temperature == 0 || rows.Any(row => sampler.Bias(row.Position) is not null))
        {
            ForEach(rows.Length, (own, i) => drawn[i] = sampler.Draw(rows[i].Position, Logits(rows[i].Row), own));
            return drawn;
        }

        for (var first = 0; first < rows.Length; first += RowsTogether)
        {
            var count = Math.Min(RowsTogether, rows.Length - first);
            DrawTogether(team, rows.AsMemory(first, count), sampler, drawn.AsMemory(first, count));
        }

        return drawn;
    }

    public Model.Score[] Assess(PredictedRow[] rows, Sampler sampler)
    {
        var scores = new Model.Score[rows.Length];
        ForEach(rows.Length, (own, i) => scores[i] = sampler.Assess(rows[i].Position, Logits(rows[i].Row), own));
        return scores;
    }

    /// <summary>
    /// Rows that share one walk over the vocabulary, part by part: each worker then reads the logits that he wrote, for those of the others
    /// come from their caches. The same bits as row by row.
    /// </summary>
    private void DrawTogether(WorkerTeam team, ReadOnlyMemory<PredictedRow> rows, Sampler sampler, Memory<DecodedToken> drawn)
    {
        var (count, blocks) = (rows.Length, Distribution(0).Blocks);
        var parts = Math.Clamp(blocks / FewestBlocks, 1, MostParts);
        var tokens = vocabulary / parts;
        for (var i = 1; i < count; i++)
        {
            Distribution(i);
        }

        team.Run(parts * count, SearchCost * tokens, (_, start, end) => ForParts(start, end, (i, part, first, last) =>
            maxima[(i * MostParts) + part] = LogSoftmax.Largest(Logits(rows.Span[i].Row)[LogSoftmax.TokensOf(first, last, vocabulary)])));
        for (var i = 0; i < count; i++)
        {
            maxima[i * MostParts] = LogSoftmax.Finite(LogSoftmax.Largest(maxima.AsSpan(i * MostParts, parts)), vocabulary);
        }

        var cuts = sampler.Options is not { TopK: null, TopP: 1 };
        team.Run(parts * count, TokenCost * tokens, (_, start, end) => ForParts(start, end, (i, part, first, last) =>
            Distribution(i).LoadBlocks(Logits(rows.Span[i].Row), maxima[i * MostParts], sampler.Options.Temperature, first, last, withWeights: cuts)));
        team.Run(count, cuts ? TokenCost * vocabulary : 1, (_, start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                var (position, own) = (rows.Span[i].Position, Distribution(i));
                own.Complete(maxima[i * MostParts], sampler.Options, withWeights: cuts);
                drawn.Span[i] = sampler.DrawLoaded(position, Logits(rows.Span[i].Row), own);
            }
        });

        // A part of all rows, then the next part of all rows: pieces of work follow the vocabulary as those of the head do.
        void ForParts(int start, int end, Action<int, int, int, int> work)
        {
            for (var item = start; item < end; item++)
            {
                var part = item / count;
                work(item % count, part, blocks * part / parts, blocks * (part + 1) / parts);
            }
        }
    }

    private SamplingDistribution Distribution(int index) => distributions[index] ??= new(vocabulary);

    /// <summary>Each item by one worker, who brings scratch of its own.</summary>
    private void ForEach(int items, Action<SamplingDistribution, int> work)
    {
        void Some(int worker, int start, int end)
        {
            var own = Distribution(worker);

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

using A3.Kernels.Threads;
using A3.Runtime.Sampling;

namespace A3.Runtime.Networks;

/// <summary>
/// Logits in the memory of the host, and what is needed to draw from them; grows, and is used again by every pass. The work is shared
/// out among the pool: at 32,000 tokens drawing one takes as long as a layer of a small network.
/// </summary>
/// <param name="vocabulary">Numbers of a row.</param>
/// <param name="pool">Who draws; null for the caller alone.</param>
internal sealed class HostPredictions(int vocabulary, WorkerPool? pool = null) : IPredictions
{
    /// <summary>Multiply-adds that a token costs in a draw, about.</summary>
    private const long TokenCost = 32;

    /// <summary>Rows that are drawn together, parts of their vocabularies, and at least so many tokens in a part.</summary>
    private const int RowsTogether = 8, MostParts = 16, FewestTokens = 512;

    private readonly int blocks = LogSoftmax.BlocksOf(vocabulary);
    private readonly SamplingDistribution?[] distributions = new SamplingDistribution?[Math.Max(RowsTogether, pool?.Workers ?? 1)];

    /// <summary>Of the model's own distributions, of all rows; of those at another temperature, of rows that are drawn together.</summary>
    private readonly BlockSums sums = new(vocabulary), tempered = new(vocabulary);

    private int rowCount;
    private bool areSummed;
    private float[] logits = [];

    /// <summary>Numbers that it has room for.</summary>
    public long Numbers => logits.Length;

    /// <summary>[rows, vocabulary], to be written; what it held before is gone.</summary>
    /// <exception cref="A3Exception">More rows than one array holds.</exception>
    public Span<float> Renew(int rows)
    {
        var needed = (long)rows * vocabulary;

        if (needed > Array.MaxLength)
        {
            throw new A3Exception(
                $"{rows} positions asked for at once need {needed * sizeof(float)} bytes of logits, but one pass "
                + $"holds {(long)Array.MaxLength * sizeof(float)}; use smaller groups or a window.");
        }

        if (logits.Length < needed)
        {
            logits = GC.AllocateUninitializedArray<float>((int)needed);
        }

        rowCount = rows;
        areSummed = false;
        sums.Renew(rows);
        return logits.AsSpan(0, (int)needed);
    }

    /// <summary>Sums some blocks of all rows, whose logits were just written; several threads may sum blocks of their own.</summary>
    public void Sum(int first, int end)
    {
        for (var row = 0; row < rowCount; row++)
        {
            sums.Add(row, first, end, Logits(row), 1);
        }
    }

    /// <summary>All blocks were summed by <see cref="Sum(int, int)"/>.</summary>
    public void AreSummed() => areSummed = true;

    /// <summary>Whether the largest logit of every row is finite; all blocks were summed.</summary>
    public bool AreFinite()
    {
        for (var row = 0; row < rowCount; row++)
        {
            if (!sums.IsFinite(row))
            {
                return false;
            }
        }

        return true;
    }

    public ReadOnlySpan<float> Logits(int row) => logits.AsSpan(row * vocabulary, vocabulary);

    public double LogProbability(int row, int token)
    {
        EnsureSums();
        return sums.LogProbability(row, Logits(row)[token]);
    }

    public double[] Score(int first, int[] tokens)
    {
        EnsureSums();
        return
        [
            .. tokens.Select((token, i) =>
                Overflow.Finite(sums.LogProbability(first + i, Logits(first + i)[token]), NumberType.Float32)),
        ];
    }

    public double LogMass(int row, TokenSet tokens) => LogSoftmax.Mass(Logits(row), tokens);

    public DecodedToken[] Draw(PredictedRow[] rows, Sampler sampler)
    {
        EnsureSums();
        foreach (var row in rows)
        {
            sums.Join(row.Row);
        }

        var drawn = new DecodedToken[rows.Length];
        var isWhole = sampler.Options is { Temperature: 0 } or { TopK: null, TopP: 1 };

        for (var first = 0; first < rows.Length; first += RowsTogether)
        {
            var count = Math.Min(RowsTogether, rows.Length - first);
            var (some, target) = (rows.AsMemory(first, count), drawn.AsMemory(first, count));
            if (isWhole)
            {
                DrawWhole(some, sampler, target);
            }
            else
            {
                DrawCut(some, sampler, target);
            }
        }

        return drawn;
    }

    public Model.Score[] Assess(PredictedRow[] rows, Sampler sampler)
    {
        var scores = new Model.Score[rows.Length];
        ForEach(rows.Length, (own, i) => scores[i] = own.Assess(rows[i].Position, Logits(rows[i].Row), rows[i].Allowed));
        return scores;
    }

    /// <summary>From distributions of which nothing is cut, by the sums of their blocks.</summary>
    private void DrawWhole(ReadOnlyMemory<PredictedRow> rows, Sampler sampler, Memory<DecodedToken> drawn)
    {
        var temperature = sampler.Options.Temperature;
        var isTempered = temperature is not (0 or 1);
        if (isTempered)
        {
            var factor = LogSoftmax.Factor(temperature);
            tempered.Renew(rows.Length);
            ForParts(rows.Length, (i, first, end) => tempered.Add(i, first, end, Logits(rows.Span[i].Row), factor));
        }

        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows.Span[i];
            var (from, source) = isTempered ? (tempered, i) : (sums, row.Row);
            var likeliest = from.Likeliest(source, Logits(row.Row));

            // Sums are relative to the largest logit of all: where it may not stand, what may could vanish beside it.
            if (row.Allowed?.Contains(likeliest) == false)
            {
                Distribution(0).Load(Logits(row.Row), sampler.Options, row.Allowed);
                drawn.Span[i] = DrawCut(row, sampler, Distribution(0));
            }
            else if (temperature == 0)
            {
                drawn.Span[i] = new(row.Position, likeliest, LogProbability(row, likeliest), 0);
            }
            else
            {
                var (token, log) = from.Draw(source, sampler.Uniform(row.Position), Logits(row.Row), row.Allowed);
                drawn.Span[i] = new(row.Position, token, LogProbability(row, token), log);
            }
        }
    }

    /// <summary>From distributions of which only the likeliest tokens are kept, each loaded by all workers. The same bits as row by row.</summary>
    private void DrawCut(ReadOnlyMemory<PredictedRow> rows, Sampler sampler, Memory<DecodedToken> drawn)
    {
        var maxima = new float[rows.Length];

        for (var i = 0; i < rows.Length; i++)
        {
            Distribution(i);
            maxima[i] = Largest(rows.Span[i]);
        }

        ForParts(rows.Length, (i, first, end) =>
        {
            var row = rows.Span[i];
            Distribution(i).LoadBlocks(Logits(row.Row), maxima[i], sampler.Options.Temperature, first, end, row.Allowed);
        });
        Share(rows.Length, TokenCost * vocabulary, (_, i) =>
        {
            Distribution(i).Complete(sampler.Options);
            drawn.Span[i] = DrawCut(rows.Span[i], sampler, Distribution(i));
        });
    }

    private DecodedToken DrawCut(PredictedRow row, Sampler sampler, SamplingDistribution loaded)
    {
        var token = loaded.Draw(sampler.Uniform(row.Position));
        return new(row.Position, token, LogProbability(row, token), Math.Log(loaded.Probability(token)));
    }

    /// <summary>The largest logit that may be drawn.</summary>
    private float Largest(PredictedRow row) =>
        row.Allowed?.Contains(sums.Likeliest(row.Row, Logits(row.Row))) == false
            ? LogSoftmax.Finite(LogSoftmax.Largest(Logits(row.Row), row.Allowed), vocabulary)
            : sums.Largest(row.Row);

    private double LogProbability(PredictedRow row, int token) =>
        LogProbability(row.Row, token) - (row.Agreeing is null ? 0 : LogMass(row.Row, row.Agreeing));

    private void EnsureSums()
    {
        if (!areSummed)
        {
            ForParts(rowCount, (row, first, end) => sums.Add(row, first, end, Logits(row), 1));
            areSummed = true;
        }
    }

    /// <summary>
    /// Blocks of each row: a part of all rows, then the next part of all rows, so that pieces of work follow the vocabulary as those of the
    /// head do, and each worker reads the logits that it wrote.
    /// </summary>
    private void ForParts(int rows, Action<int, int, int> work)
    {
        var parts = Math.Clamp(vocabulary / FewestTokens, 1, MostParts);
        Share(parts * rows, TokenCost * vocabulary / parts, (_, item) =>
        {
            var part = item / rows;
            work(item % rows, blocks * part / parts, blocks * (part + 1) / parts);
        });
    }

    private SamplingDistribution Distribution(int index) => distributions[index] ??= new(vocabulary);

    /// <summary>Each item by one worker, with a distribution of its own.</summary>
    private void ForEach(int items, Action<SamplingDistribution, int> work) =>
        Share(items, TokenCost * vocabulary, (worker, item) => work(Distribution(worker), item));

    private void Share(int items, long cost, Action<int, int> work)
    {
        if (pool is null)
        {
            Some(0, 0, items);
        }
        else
        {
            pool.Run(items, cost, Some);
        }

        void Some(int worker, int start, int end)
        {
            for (var item = start; item < end; item++)
            {
                work(worker, item);
            }
        }
    }
}

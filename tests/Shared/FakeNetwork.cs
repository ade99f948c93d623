namespace A3.Tests;

using A3.Model;

/// <summary>
/// A network without weights that keeps the contract of <see cref="ISequence"/>: logits are a pure function of what a row may
/// see. A content row's state mixes its position, its token and everything visible when it was appended, so a row appended too
/// early, under a wrong rank or twice changes the logits of all that see it, as stale keys and values would.
/// </summary>
internal sealed class FakeNetwork : INetwork
{
    private int open;

    public FakeNetwork(int vocabulary = 7, int context = 64, bool queryStream = true, float spread = 4)
    {
        Architecture = new(
            vocabulary, 8, 1, 1, 1, 8, 8, context, 1e-5, 10000, RopeScaling.Unscaled, true, Residual.PreNorm,
            queryStream ? QueryStream.Learned : QueryStream.Absent);
        Spread = spread;
    }

    public Architecture Architecture { get; }

    /// <summary>Logits are uniform in (-Spread / 2, Spread / 2).</summary>
    public float Spread { get; }

    /// <summary>Called in the middle of every pass.</summary>
    public Action? OnPass { get; set; }

    /// <summary>Passes since the start, over all sequences.</summary>
    public int Passes { get; private set; }

    /// <summary>Sequences that nobody has disposed of.</summary>
    public int OpenSequences => open;

    public bool IsDisposed { get; private set; }

    public long CacheMemory => long.MaxValue;

    public long CacheBytes(int capacity, int shared = 0) => 64L * (capacity - shared);

    public ISequence Open(int capacity)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Interlocked.Increment(ref open);
        return new Sequence(this, capacity);
    }

    public IPass NewPass()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new Pass(this);
    }

    public void Dispose() => IsDisposed = true;

    private static ulong Mix(ulong left, ulong right) =>
        SeedModule.bits(SeedModule.derive((long)right, SeedModule.ofInt64((long)left)));

    private sealed class Pass(FakeNetwork network) : IPass
    {
        private readonly HostPredictions predictions = new(network.Architecture.Vocabulary);

        public IPredictions Run(ReadOnlySpan<PassRows> batch)
        {
            var vocabulary = network.Architecture.Vocabulary;
            var logits = predictions.Renew(batch.ToArray().Sum(rows => rows.Predictions));
            Sequence.Demand(batch.Length > 0 && batch.ToArray().All(rows => rows.Rows > 0), "a pass without rows");
            network.OnPass?.Invoke();
            network.Passes++;

            foreach (var rows in batch)
            {
                ((Sequence)rows.Sequence).Run(rows, logits);
                logits = logits[(rows.Predictions * vocabulary)..];
            }

            return predictions;
        }

        public void Dispose()
        {
        }
    }

    private sealed class Sequence(FakeNetwork network, int capacity) : ISequence
    {
        private readonly List<(ContentRow Row, ulong State)> cache = [];
        private bool disposed;

        public INetwork Network => network;

        public int Length => cache.Count;

        public int Capacity => capacity;

        /// <summary>Appends the content rows and writes the logits of the rows that predict, [row, vocabulary].</summary>
        public void Run(in PassRows rows, Span<float> logits)
        {
            var vocabulary = network.Architecture.Vocabulary;
            var (content, queries) = (rows.Content.ToArray(), rows.Queries.ToArray());
            ObjectDisposedException.ThrowIf(disposed || network.IsDisposed, this);
            Demand(cache.Count + content.Length <= capacity, "more rows than the capacity");
            Demand(rows.Predicting <= content.Length, "more predicting rows than rows");

            var visible = cache.Select(item => item.Row).Concat(content).ToArray();
            Demand(visible.Select(row => row.Position).Distinct().Count() == visible.Length, "a position twice");

            foreach (var row in content)
            {
                Demand(row.Token >= 0 && row.Token < vocabulary && row.Position < network.Architecture.Context, "a row out of range");
                cache.Add((row, Mix(Seen(visible, row.Rank), Mix((ulong)row.Position, (ulong)row.Token))));
            }

            for (var i = 0; i < rows.Predicting; i++)
            {
                Write(cache[cache.Count - rows.Predicting + i].State, logits.Slice(i * vocabulary, vocabulary));
            }

            for (var i = 0; i < queries.Length; i++)
            {
                var (position, rank) = (queries[i].Position, queries[i].Rank);
                Demand(cache.All(item => item.Row.Position != position || item.Row.Rank >= rank), "a query that sees its own token");
                var state = cache.Where(item => item.Row.Rank < rank).Aggregate(0UL, (sum, item) => sum + item.State);
                Write(
                    state == 0 ? 1 : Mix(state, (ulong)position),
                    logits.Slice((rows.Predicting + i) * vocabulary, vocabulary));
            }
        }

        public ISequence Fork()
        {
            var fork = new Sequence(network, capacity);
            Interlocked.Increment(ref network.open);
            fork.cache.AddRange(cache);
            return fork;
        }

        public void Crop(int length)
        {
            Demand(length >= 0 && length <= cache.Count, "a crop beyond the cache");
            cache.RemoveRange(length, cache.Count - length);
        }

        public void Dispose()
        {
            if (!disposed)
            {
                disposed = true;
                Interlocked.Decrement(ref network.open);
            }
        }

        private static ulong Seen(ContentRow[] rows, int rank) =>
            rows.Where(row => row.Rank <= rank).Aggregate(0UL, (sum, row) => sum + Mix((ulong)row.Position + 1, (ulong)row.Token));

        private void Write(ulong state, Span<float> logits)
        {
            var seed = SeedModule.ofInt64((long)state);

            for (var token = 0; token < logits.Length; token++)
            {
                logits[token] = network.Spread * ((float)SeedModule.uniform(SeedModule.derive(token, seed)) - 0.5f);
            }
        }

        public static void Demand(bool holds, string offence)
        {
            if (!holds)
            {
                throw new Xunit.Sdk.XunitException($"The network was given {offence}.");
            }
        }
    }
}

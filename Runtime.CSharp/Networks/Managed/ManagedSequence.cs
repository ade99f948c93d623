namespace A3.Runtime;

/// <summary>A sequence of a <see cref="ManagedNetwork"/>: its cache, and the checks before each pass. Not thread-safe.</summary>
internal sealed class ManagedSequence : ISequence
{
    private readonly ManagedNetwork network;
    private readonly KeyValueCache cache;
    private readonly ManagedPass pass;
    private bool disposed;

    public ManagedSequence(ManagedNetwork network, int capacity)
    {
        this.network = network;
        cache = new KeyValueCache(network.Architecture, capacity);
        pass = new ManagedPass(network, cache);
    }

    public int Length => cache.Length;

    public int Capacity => cache.Capacity;

    public void Forward(
        ReadOnlySpan<ContentRow> content,
        ReadOnlySpan<QueryRow> queries,
        Span<float> queryLogits,
        Span<float> contentLogits)
    {
        ThrowIfDisposed();
        CheckContent(content);
        CheckQueries(queries);
        CheckLogits(queryLogits, queries.Length, nameof(queryLogits));
        if (!contentLogits.IsEmpty)
        {
            CheckLogits(contentLogits, content.Length, nameof(contentLogits));
        }

        if (content.Length + queries.Length > 0)
        {
            pass.Run(content, queries, queryLogits, contentLogits);
        }
    }

    public void Crop(int length)
    {
        ThrowIfDisposed();

        cache.Length = length >= 0 && length <= Length
            ? length
            : throw new ArgumentOutOfRangeException(
                nameof(length), length, $"length = {length}: must be in 0..{Length}, the rows in the cache.");
    }

    public ISequence Fork()
    {
        ThrowIfDisposed();
        var fork = new ManagedSequence(network, Capacity);
        fork.cache.CopyFrom(cache);
        return fork;
    }

    public void Dispose() => disposed = true;

    private void ThrowIfDisposed()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        network.ThrowIfDisposed();
    }

    private void CheckContent(ReadOnlySpan<ContentRow> content)
    {
        if (content.Length > Capacity - Length)
        {
            throw new ArgumentException(
                $"{content.Length} content rows do not fit: {Length} of {Capacity} are taken; open the sequence with a larger capacity.",
                nameof(content));
        }

        for (var i = 0; i < content.Length; i++)
        {
            CheckRange(content[i].Token, network.Architecture.Vocabulary, "Token", "vocabulary", nameof(content), i);
            CheckRange(content[i].Position, network.Architecture.Context, "Position", "context", nameof(content), i);
            CheckRange(content[i].Rank, int.MaxValue, "Rank", "range of ranks", nameof(content), i);
        }
    }

    private void CheckQueries(ReadOnlySpan<QueryRow> queries)
    {
        if (queries.Length > 0 && network.Weights.QueryEmbedding is null)
        {
            throw new InvalidOperationException(
                "This network has no query stream (no model.query_embed), so it cannot predict open positions; ask for content logits, or adapt it by training.");
        }

        for (var i = 0; i < queries.Length; i++)
        {
            CheckRange(queries[i].Position, network.Architecture.Context, "Position", "context", nameof(queries), i);
            CheckRange(queries[i].Rank, int.MaxValue, "Rank", "range of ranks", nameof(queries), i);
        }
    }

    private static void CheckRange(int value, int end, string field, string what, string parameter, int index)
    {
        if ((uint)value >= (uint)end)
        {
            throw new ArgumentOutOfRangeException(
                parameter, value, $"{parameter}[{index}].{field} = {value}: must be in 0..{end - 1}, the {what}.");
        }
    }

    private void CheckLogits(Span<float> logits, int rows, string parameter)
    {
        var expected = (long)rows * network.Architecture.Vocabulary;
        if (logits.Length != expected)
        {
            throw new ArgumentException(
                $"{parameter} holds {logits.Length} numbers, but {rows} rows of a vocabulary of {network.Architecture.Vocabulary} fill {expected}.",
                parameter);
        }
    }
}

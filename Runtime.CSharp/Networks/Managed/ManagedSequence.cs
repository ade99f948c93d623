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
        Rows.Check(network.Architecture, this, content, queries, queryLogits.Length, contentLogits.Length);

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
}

namespace A3.Runtime.Networks.Managed;

/// <summary>A sequence of a <see cref="ManagedNetwork"/>: its cache. Not thread-safe.</summary>
internal sealed class ManagedSequence(ManagedNetwork network, KeyValueCache cache) : ISequence
{
    /// <summary>Null once disposed of.</summary>
    private KeyValueCache? held = cache;

    public INetwork Network => network;

    /// <exception cref="ObjectDisposedException">The sequence or its network was disposed of.</exception>
    public KeyValueCache Cache
    {
        get
        {
            ObjectDisposedException.ThrowIf(held is null, this);
            network.ThrowIfDisposed();
            return held;
        }
    }

    public int Length => Cache.Length;

    public int Capacity => Cache.Capacity;

    public void Crop(int length) =>
        Cache.Length = length >= 0 && length <= Length
            ? length
            : throw new ArgumentOutOfRangeException(
                nameof(length), length, $"length = {length}: must be in 0..{Length}, the rows in the cache.");

    public ISequence Fork() => new ManagedSequence(network, Cache.Fork());

    public void Dispose() => Interlocked.Exchange(ref held, null)?.Close();
}

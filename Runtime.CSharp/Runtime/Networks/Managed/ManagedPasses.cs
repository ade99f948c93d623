using System.Collections.Concurrent;

namespace A3.Runtime.Networks.Managed;

/// <summary>
/// The object pool of a network's passes: a lease gets one that was returned, with its buffers. The first touch of new memory takes
/// microseconds a page; a decode that began with new buffers lost as much time by it as by several steps.
/// </summary>
internal sealed class ManagedPasses(ManagedNetwork network)
{
    /// <summary>Passes that are kept, and numbers that one may hold: a large batch's buffers are the collector's.</summary>
    private const int Most = 4, MostNumbers = 1 << 22;

    private readonly ConcurrentStack<ManagedPass> spare = [];

    /// <summary>A pass until it is disposed of.</summary>
    public IPass Take() => new PooledPass(this, spare.TryPop(out var pass) ? pass : new ManagedPass(network));

    private void Return(ManagedPass pass)
    {
        if (spare.Count < Most && pass.Numbers <= MostNumbers)
        {
            spare.Push(pass);
        }
    }

    private sealed class PooledPass(ManagedPasses owner, ManagedPass pass) : IPass
    {
        /// <summary>Null once disposed of.</summary>
        private ManagedPass? held = pass;

        public IPredictions Run(ReadOnlySpan<PassRows> batch)
        {
            ObjectDisposedException.ThrowIf(held is null, this);
            return held.Run(batch);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref held, null) is { } returned)
            {
                owner.Return(returned);
            }
        }
    }
}

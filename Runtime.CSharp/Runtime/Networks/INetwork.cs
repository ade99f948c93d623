namespace A3.Runtime.Networks;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>One set of weights ready to run; safe to share between threads, each with passes and sequences of its own.</summary>
internal interface INetwork : IDisposable
{
    Architecture Architecture { get; }

    /// <summary>Bytes that the device of the caches has for them.</summary>
    long CacheMemory { get; }

    /// <summary>Bytes of a cache for so many content rows, the first of which, as many as are shared, it has in common with others.</summary>
    long CacheBytes(int capacity, int shared = 0);

    /// <summary>A fresh sequence with room for <paramref name="capacity"/> content rows; the caller disposes of it.</summary>
    ISequence Open(int capacity);

    /// <summary>What runs forward passes, with buffers of its own; not thread-safe, the caller disposes of it.</summary>
    IPass NewPass();
}

/// <summary>
/// The keys and values of one sequence, appended in the order of generation by passes of its network; not thread-safe.
/// </summary>
internal interface ISequence : IDisposable
{
    INetwork Network { get; }

    /// <summary>Content rows in the cache.</summary>
    int Length { get; }

    int Capacity { get; }

    /// <summary>A sequence of its own with the same rows, which may run on another thread; the caller disposes of it.</summary>
    ISequence Fork();

    /// <summary>Forgets all cached rows from <paramref name="length"/> on.</summary>
    void Crop(int length);
}

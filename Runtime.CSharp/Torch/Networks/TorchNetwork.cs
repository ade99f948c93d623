using System.Runtime.InteropServices;
using A3.Runtime.Networks;
using A3.Runtime.Storage;
using A3.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Networks;

/// <summary>
/// The two-stream network on libtorch: the path of CUDA, and the oracle of the managed one. Owns the tensors it is given.
/// Shared between threads as long as each runs sequences of its own; dispose scopes and grad mode are per thread. Disposing waits for passes
/// that run.
/// </summary>
internal sealed class TorchNetwork : INetwork
{
    private readonly Tensor[] owned;
    private readonly Leases leases = new("network");
    private readonly int? threads;
    private readonly int bytesPerNumber;

    /// <summary>Binds tensors by checkpoint name, all of one number type and on one device.</summary>
    /// <param name="architecture">What the tensors are.</param>
    /// <param name="tensors">By Hugging Face name; the network owns them.</param>
    /// <param name="threads">Threads of an operation on a CPU; null for as many as the operations of the calling thread have.</param>
    public TorchNetwork(Model.Architecture architecture, IReadOnlyDictionary<string, Tensor> tensors, int? threads = null)
    {
        (Architecture, this.threads) = (architecture, threads);
        owned = [.. tensors.Values.Select(tensor => tensor.DetachFromDisposeScope())];
        Weights = WeightsModule.bind(architecture, FuncConvert.FromFunc<string, Tensor>(name => tensors[name]));
        bytesPerNumber = (int)Weights.Embedding.ElementSize;

        // Later it would be less by what libtorch keeps for itself, and caches that fit would be refused.
        CacheMemory = DeviceMemory.free(Device) is { } free ? free.Value : ProcessMemory.Beside(architecture, bytesPerNumber);
    }

    public Model.Architecture Architecture { get; }

    internal Weights Weights { get; }

    internal TorchSharp.torch.Device Device => Weights.Embedding.device;

    /// <summary>What the device had free when the weights lay on it.</summary>
    public long CacheMemory { get; }

    /// <summary>A fork copies all rows.</summary>
    public long CacheBytes(int capacity, int shared = 0) =>
        capacity * (long)Model.ArchitectureModule.cacheBytesPerToken(bytesPerNumber, Architecture);

    public ISequence Open(int capacity)
    {
        using var lease = Use();
        try
        {
            return new TorchSequence(this, new(Architecture, capacity, Weights.Embedding.dtype, Device), new(capacity));
        }
        catch (ExternalException error) when (TorchMemory.IsShort(error))
        {
            throw TorchMemory.Short($"a cache of {CacheBytes(capacity)} bytes", error);
        }
    }

    public IPass NewPass()
    {
        using var lease = Use();
        return new TorchPass(this);
    }

    public void Dispose()
    {
        if (!leases.Close())
        {
            return;
        }

        foreach (var tensor in owned)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Until it is disposed of, operations of the calling thread have as many threads as the network was given.</summary>
    internal IDisposable? LimitThreads() => threads is int count ? TorchThreads.limit(count) : null;

    /// <summary>Until the lease ends, a disposal waits.</summary>
    /// <exception cref="ObjectDisposedException">The network was disposed of.</exception>
    internal Leases.Lease Use() => leases.Take(this);

    /// <exception cref="ObjectDisposedException">The network was disposed of.</exception>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(leases.IsClosed, this);
}

/// <summary>One sequence on libtorch: a preallocated cache and what its rows are.</summary>
internal sealed class TorchSequence(TorchNetwork network, Cache cache, CommittedRows committed) : ISequence
{
    private bool disposed;

    public INetwork Network => network;

    /// <exception cref="ObjectDisposedException">The sequence or its network was disposed of.</exception>
    public Cache Cache
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            network.ThrowIfDisposed();
            return cache;
        }
    }

    /// <summary>Of each row, to be written before the row is.</summary>
    public CommittedRows Committed => committed;

    public int Length => cache.Length;

    public int Capacity => cache.Capacity;

    public void Crop(int length) =>
        Cache.Length = length >= 0 && length <= Length
            ? length
            : throw new ArgumentOutOfRangeException(
                nameof(length), length, $"length = {length}: must be in 0..{Length}, the rows in the cache.");

    public ISequence Fork()
    {
        try
        {
            return new TorchSequence(network, Cache.Fork(), committed.Copy(cache.Length));
        }
        catch (ExternalException error) when (TorchMemory.IsShort(error))
        {
            throw TorchMemory.Short($"a cache of {network.CacheBytes(Capacity)} bytes", error);
        }
    }

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            ((IDisposable)cache).Dispose();
        }
    }
}

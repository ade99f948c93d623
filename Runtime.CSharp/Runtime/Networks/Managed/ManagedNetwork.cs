using A3.Kernels.Attention;
using A3.Kernels.Threads;
using A3.Model;
using A3.Runtime.Storage;

namespace A3.Runtime.Networks.Managed;

/// <summary>The two-stream LLaMA as SIMD loops over packed weights, with no native library.</summary>
/// <remarks>
/// Safe to share: weights never change, and passes of several threads at once only compete for the helper threads. A row's
/// logits have the same bits whatever rows share its pass and however many threads there are (law 12). Disposing waits for passes that run.
/// </remarks>
internal sealed class ManagedNetwork : INetwork
{
    private readonly ManagedPasses passes;
    private readonly KeyValuePages pages;
    private readonly Leases leases = new("network");

    /// <summary>Packs the weights; an architecture or a tensor that breaks a rule throws <see cref="ArgumentException"/>.</summary>
    /// <param name="architecture">What the tensors are.</param>
    /// <param name="source">A tensor by its Hugging Face name, row-major; each is asked for once.</param>
    /// <param name="threads">Threads of a pass, the caller's included.</param>
    public ManagedNetwork(Model.Architecture architecture, Func<string, float[]> source, int threads)
    {
        var valid = ArchitectureModule.validate(architecture);
        if (valid.IsError)
        {
            throw new ArgumentException(valid.ErrorValue.Message, nameof(architecture));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Architecture = architecture;
        Weights = new ManagedWeights(architecture, source);
        InverseFrequencies = ArchitectureModule.inverseFrequencies(architecture);
        CacheLayout = new KeyValueLayout(architecture.Layers, architecture.KvHeads, architecture.HeadWidth);
        Pool = new WorkerPool(threads);
        (passes, pages) = (new ManagedPasses(this), new KeyValuePages(CacheLayout));
    }

    /// <summary>As the other constructor, with a thread for each processor.</summary>
    public ManagedNetwork(Model.Architecture architecture, Func<string, float[]> source)
        : this(architecture, source, Environment.ProcessorCount)
    {
    }

    public Model.Architecture Architecture { get; }

    public ManagedWeights Weights { get; }

    /// <summary>Of RoPE, [head width / 2].</summary>
    public double[] InverseFrequencies { get; }

    public WorkerPool Pool { get; }

    public KeyValueLayout CacheLayout { get; }

    public long CacheMemory => ProcessMemory.Beside(Architecture, sizeof(float));

    /// <summary>Whole pages; forks share those that are full.</summary>
    public long CacheBytes(int capacity, int shared = 0) => CacheLayout.PageBytes
        * (KeyValueLayout.PagesOf(capacity) - shared / KeyValueLayout.PageRows);

    public ISequence Open(int capacity)
    {
        using var lease = Use();

        if (capacity < 1 || capacity > Architecture.Context)
        {
            throw new ArgumentOutOfRangeException(
                nameof(capacity),
                capacity,
                $"capacity = {capacity}: must be in 1..{Architecture.Context}, the context of the network.");
        }

        return new ManagedSequence(this, new(pages, capacity));
    }

    public IPass NewPass()
    {
        using var lease = Use();
        return passes.Take();
    }

    /// <summary>Until the lease ends, a disposal waits.</summary>
    /// <exception cref="ObjectDisposedException">The network was disposed of.</exception>
    public Leases.Lease Use() => leases.Take(this);

    /// <exception cref="ObjectDisposedException">The network was disposed of.</exception>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(leases.IsClosed, this);

    public void Dispose()
    {
        if (leases.Close())
        {
            Pool.Dispose();
        }
    }
}

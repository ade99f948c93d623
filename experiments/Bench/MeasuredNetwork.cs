using System.Runtime;
using A3.Runtime.Networks;
using A3.Runtime.Networks.Managed;
using A3.Torch.Networks;

namespace A3.Bench;

using A3.Model;

/// <summary>A network whose decoding is measured: the CPU's own in float32, libtorch's on a GPU and in the other number types.</summary>
public sealed class MeasuredNetwork : IDisposable
{
    private MeasuredNetwork(INetwork network, int? bos)
    {
        Network = network;
        Bos = bos;
        Architecture = new(network.Architecture);

        // The tensors that weights were packed from are given back before anything is measured.
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect();
    }

    /// <summary>Its shape.</summary>
    public A3.Architecture Architecture { get; }

    /// <summary>The token that a text begins with; null for random weights.</summary>
    public int? Bos { get; }

    internal INetwork Network { get; }

    /// <summary>The network of a checkpoint directory.</summary>
    /// <exception cref="A3Exception">It cannot be read, or the device is not there.</exception>
    public static MeasuredNetwork Load(string directory, A3.Device device, NumberType precision, int threads)
    {
        using var checkpoint = Checkpoint.Open(directory);
        INetwork network = IsManaged(device, precision)
            ? new ManagedNetwork(checkpoint.Configuration.Architecture, name => checkpoint[name].ToWeights(), threads)
            : TorchBackend.OnTorch(checkpoint, device, precision, threads);
        return new(network, checkpoint.Configuration.Bos is { } bos ? bos.Value : null);
    }

    /// <summary>A network of random weights.</summary>
    /// <exception cref="A3Exception">The device is not there.</exception>
    public static MeasuredNetwork Random(Architecture architecture, long seed, A3.Device device, NumberType precision, int threads)
    {
        if (!IsManaged(device, precision))
        {
            return new(RandomWeights.OnTorch(architecture, seed, device, precision, threads), null);
        }

        var weights = new RandomWeights(architecture, SeedModule.ofInt64(seed));
        return new(new ManagedNetwork(architecture, weights.Read, threads), null);
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    private static bool IsManaged(A3.Device device, NumberType precision) =>
        device != A3.Device.Cuda && precision == NumberType.Float32;
}

using System.Diagnostics;
using A3.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace A3.Bench;

/// <summary>How fast libtorch reads memory that no cache holds: it sums up numbers. Owns them.</summary>
internal sealed class TorchMemoryReader : IMemoryReader, IDisposable
{
    /// <summary>Bytes of the numbers, which a GPU reads in a millisecond or two: many times what its caches hold.</summary>
    private const long OnGpu = 1L << 32, OnCpu = 1L << 28;

    private readonly Tensor numbers;

    /// <summary>For tensors on this device.</summary>
    public TorchMemoryReader(TorchSharp.torch.Device device)
    {
        Native.ensure();
        numbers = ones((device.type == DeviceType.CUDA ? OnGpu : OnCpu) / sizeof(float), device: device).DetachFromDisposeScope();
        Sum();
    }

    /// <inheritdoc/>
    public double Measure()
    {
        var start = Stopwatch.GetTimestamp();
        Sum();
        return numbers.NumberOfElements * sizeof(float) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => numbers.Dispose();

    /// <summary>Reads what comes out, and so waits for the device.</summary>
    private void Sum()
    {
        using var sum = numbers.sum();
        Numbers.read(sum);
    }
}

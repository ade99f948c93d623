using System.Diagnostics;
using A3.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace A3.Bench;

/// <summary>How fast libtorch multiplies large matrices here: what no training step can exceed. Owns its matrices.</summary>
internal sealed class MatrixPeak : IDisposable
{
    /// <summary>Rows and columns: more than caches hold, and little enough for a fraction of a second.</summary>
    private const long OnCpu = 2048, OnGpu = 8192;

    private readonly long side;
    private readonly Tensor left, right;

    /// <summary>Of matrices of a number type on a device.</summary>
    public MatrixPeak(TorchSharp.torch.Device device, ScalarType type)
    {
        Native.ensure();
        side = device.type == DeviceType.CUDA ? OnGpu : OnCpu;
        Tensor Random() => randn(side, side, dtype: type, device: device).DetachFromDisposeScope();
        (left, right) = (Random(), Random());
    }

    /// <summary>Multiplications and additions per second of one product.</summary>
    public double Measure()
    {
        using var scope = NewDisposeScope();
        var start = Stopwatch.GetTimestamp();

        // One number is read, so that a GPU is waited for.
        Numbers.read(left.mm(right)[0, 0]);
        return 2.0 * side * side * side / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        left.Dispose();
        right.Dispose();
    }
}

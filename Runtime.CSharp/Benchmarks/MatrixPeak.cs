using System.Diagnostics;
using A3.Model.Tensors;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>How fast libtorch multiplies large float32 matrices here: what no training step can exceed. Owns its matrices.</summary>
internal sealed class MatrixPeak : IDisposable
{
    /// <summary>Rows and columns: more than caches hold, and little enough for a fraction of a second.</summary>
    private const long Side = 2048;

    private readonly Tensor left = Random(), right = Random();

    /// <summary>Multiplications and additions per second of one product.</summary>
    public double Measure()
    {
        var start = Stopwatch.GetTimestamp();
        using var product = left.mm(right);
        return 2.0 * Side * Side * Side / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        left.Dispose();
        right.Dispose();
    }

    private static Tensor Random()
    {
        Native.ensure();
        return rand(Side, Side).DetachFromDisposeScope();
    }
}

using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Threads;

namespace A3.Bench;

/// <summary>
/// How fast a pool reads memory that no cache holds: the limit of decoding, whose every pass reads all weights once.
/// </summary>
/// <remarks>The same threads, huge pages, vectors and fetching ahead as in the products; only the arithmetic is left out.</remarks>
internal sealed unsafe class MemoryReader : IMemoryReader
{
    /// <summary>256 MB: several times a last-level cache.</summary>
    private const long Numbers = 1L << 26;

    /// <summary>256 kB, as much as a small panel of weights.</summary>
    private const int ItemNumbers = 1 << 16;

    private readonly WorkerPool pool;
    private readonly RangeWork read;
    private readonly AlignedBuffer buffer = new(Numbers);
    private float sum;

    /// <summary>For passes of this pool.</summary>
    public MemoryReader(WorkerPool pool)
    {
        this.pool = pool;
        read = Read;

        // Memory that was never written is one page of zeros, which every cache holds.
        new Span<float>(buffer.Pointer, (int)Numbers).Fill(1f);
    }

    /// <inheritdoc/>
    public double Measure()
    {
        var start = Stopwatch.GetTimestamp();
        pool.Run((int)(Numbers / ItemNumbers), ItemNumbers, read);
        return Numbers * sizeof(float) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Read(int worker, int start, int end)
    {
        var part = 0f;
        for (var item = start; item < end; item++)
        {
            part += Sum(buffer.Pointer + (nint)item * ItemNumbers);
        }

        // Stored so that no compiler finds the walk useless; who wins a race does not matter.
        sum = part;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum(float* numbers)
    {
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);

        for (var end = numbers + ItemNumbers; numbers < end; numbers += PanelKernel.Columns)
        {
            PanelKernel.FetchAhead(numbers);
            a += Vector.Load(numbers);
            b += Vector.Load(numbers + Vector<float>.Count);
            c += Vector.Load(numbers + 2 * Vector<float>.Count);
            d += Vector.Load(numbers + 3 * Vector<float>.Count);
        }

        return Vector.Sum(a + b + c + d);
    }
}

using A3.Kernels.Memory;
using A3.Kernels.Threads;

namespace A3.Kernels.Rows;

/// <summary>RMSNorm of the rows of a pass, before a product of all of them.</summary>
/// <remarks>
/// Of a few rows each worker computes it for itself, once for every product: that takes less than waiting until another has, and
/// fetching from its cache what it wrote.
/// </remarks>
internal sealed unsafe class RowNorm
{
    /// <summary>Rows that every worker normalises for itself.</summary>
    private const int FewRows = 16;

    /// <summary>128 bytes: processors fetch lines in pairs.</summary>
    private const int Spacing = 16;

    private readonly int width;
    private readonly float epsilon;
    private readonly IParallelFor parallel;
    private readonly RangeWork share;
    private readonly AlignedBuffer[] own;

    /// <summary>By worker, so far apart that no two write to one line: the product whose rows are in its buffer.</summary>
    private readonly long[] products;

    private AlignedBuffer shared = new(0);
    private AlignedBuffer scales = new(0);
    private float* source;
    private float* target;
    private int rows;
    private long product;

    public RowNorm(int width, float epsilon, IParallelFor parallel)
    {
        (this.width, this.epsilon, this.parallel, share) = (width, epsilon, parallel, Share);
        own = [.. Enumerable.Range(0, parallel.Workers).Select(_ => new AlignedBuffer((long)FewRows * width))];
        products = new long[(parallel.Workers + 1) * Spacing];
    }

    /// <summary>Numbers of the rows that workers share.</summary>
    public long Numbers => shared.Length;

    /// <summary>Grows to hold so many rows; what was normalised is lost.</summary>
    public void Grow(int count) => shared = new AlignedBuffer((long)count * width);

    /// <summary>From now on it is these rows, [rows, width], that are normalised, with these scales, [width]. They may not be written until their product is done.</summary>
    public void Begin(float* hidden, int count, AlignedBuffer normScales)
    {
        source = hidden;
        (rows, scales) = (count, normScales);
        product++;
        if (rows > FewRows)
        {
            target = shared.Pointer;
            parallel.Run(rows, width, share);
        }
    }

    /// <summary>Normalises rows in place.</summary>
    public void Replace(float* hidden, int count, AlignedBuffer normScales)
    {
        source = target = hidden;
        scales = normScales;
        parallel.Run(count, width, share);
    }

    /// <summary>The normalised rows, [rows, width], for a worker.</summary>
    public float* Of(int worker)
    {
        if (rows > FewRows)
        {
            return shared.Pointer;
        }

        ref var held = ref products[(worker + 1) * Spacing];
        if (held != product)
        {
            Norm(0, rows, own[worker].Pointer);
            held = product;
        }

        return own[worker].Pointer;
    }

    private void Share(int worker, int start, int end) => Norm(start, end, target);

    private void Norm(int start, int end, float* to)
    {
        for (nint row = start; row < end; row++)
        {
            RmsNorm.Normalise(source + row * width, scales.Pointer, width, epsilon, to + row * width);
        }
    }
}

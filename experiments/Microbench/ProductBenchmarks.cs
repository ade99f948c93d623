using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Tensors;
using BenchmarkDotNet.Attributes;
using TorchSharp;

namespace A3.Microbench;

/// <summary>
/// y = x W^T for the few rows of a decode step, on one thread: packed panels against libtorch's linear layer. The weights are
/// the same each time, so small ones stay in a cache.
/// </summary>
/// <remarks>Unsealed because BenchmarkDotNet derives from it.</remarks>
public unsafe class ProductBenchmarks
{
    private AlignedBuffer input = new(0);
    private AlignedBuffer output = new(0);
    private PackedMatrix matrix = new(0, 0, new MemoryArena(0));
    private torch.Tensor rows = null!;
    private torch.Tensor weights = null!;

    /// <summary>Rows of x.</summary>
    [Params(1, 2, 4, 8, 16)]
    public int Rows { get; set; }

    /// <summary>Inputs and outputs: a projection, an MLP and a head of the 15M shape, an MLP of the 110M shape.</summary>
    [Params("288x288", "288x1536", "288x32000", "768x4096")]
    public string Shape { get; set; } = "";

    /// <summary>Draws x and W, once as packed panels and once as tensors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        int[] sides = [.. Shape.Split('x').Select(int.Parse)];
        var (inputs, outputs) = (sides[0], sides[1]);
        var (x, w) = (Numbers.Random(Rows * inputs), Numbers.Random(inputs * outputs));

        input = new AlignedBuffer(x.Length);
        x.CopyTo(new Span<float>(input.Pointer, x.Length));
        output = new AlignedBuffer((long)Rows * outputs);
        matrix = new PackedMatrix(outputs, inputs, new MemoryArena(w.Length));
        matrix.Fill(0, w);

        Native.ensure();
        torch.set_num_threads(1);
        rows = torch.tensor(x, Rows, inputs);
        weights = torch.tensor(w, outputs, inputs);
    }

    /// <summary>Frees the tensors.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        rows.Dispose();
        weights.Dispose();
    }

    /// <summary>Packed panels.</summary>
    [Benchmark]
    public void Packed() =>
        matrix.Multiply(
            input.Pointer, matrix.Inputs, Rows, 0, matrix.Panels, output.Pointer, matrix.Outputs, accumulate: false);

    /// <summary>libtorch.</summary>
    [Benchmark(Baseline = true)]
    public void Libtorch()
    {
        using var mode = torch.inference_mode();
        using var product = torch.nn.functional.linear(rows, weights);
    }
}

using A3.Kernels.Memory;
using A3.Kernels.Rows;
using A3.Runtime.Sampling;
using BenchmarkDotNet.Attributes;

namespace A3.Microbench;

/// <summary>What is done to one row at a time, on one thread.</summary>
/// <remarks>Unsealed because BenchmarkDotNet derives from it.</remarks>
public unsafe class RowBenchmarks
{
    private const int Half = 24;
    private const int MostNumbers = 1 << 15;

    private readonly AlignedBuffer first = Filled();
    private readonly AlignedBuffer second = Filled();
    private readonly AlignedBuffer target = Filled();

    /// <summary>Numbers of the row: widths and numbers of keys.</summary>
    [Params(288, 768, 2048)]
    public int Width { get; set; }

    /// <summary>RMSNorm.</summary>
    [Benchmark]
    public void Normalise() => RmsNorm.Normalise(first.Pointer, second.Pointer, Width, 1e-5f, target.Pointer);

    /// <summary>RoPE of heads of 48.</summary>
    [Benchmark]
    public void Rotate()
    {
        for (var head = 0; head < Width / (2 * Half); head++)
        {
            var own = target.Pointer + head * 2 * Half;
            RotaryEmbedding.Rotate(own, first.Pointer, second.Pointer, Half, own);
        }
    }

    /// <summary>The activation of the MLP.</summary>
    [Benchmark]
    public void Activation() => SwiGlu.Apply(first.Pointer, second.Pointer, 1, Width, target.Pointer, Width);

    /// <summary>The softmax of attention.</summary>
    [Benchmark]
    public float Soften() => Softmax.AttentionWeights(target.Pointer, Width, null, 0, 0.1f);

    /// <summary>The log-probability of a token, for a vocabulary 16 times the width.</summary>
    [Benchmark]
    public double LogSoftmaxOfVocabulary() => LogSoftmax.Of(new Span<float>(first.Pointer, 16 * Width), 7);

    private static AlignedBuffer Filled()
    {
        var buffer = new AlignedBuffer(MostNumbers);
        Numbers.Random(MostNumbers).CopyTo(new Span<float>(buffer.Pointer, MostNumbers));
        return buffer;
    }
}

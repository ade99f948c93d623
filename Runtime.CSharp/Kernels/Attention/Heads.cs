using A3.Kernels.Rows;

namespace A3.Kernels.Attention;

/// <summary>Where float32 heads [head, row, width] lie in memory; the numbers of a head of a row lie next to one another.</summary>
internal readonly unsafe struct Heads(float* start, long headStride, long rowStride)
{
    public float* this[int head, int row] => start + head * headStride + row * rowStride;
}

/// <summary>Cosines and sines of rows, each [width] of one head: the pairs of its halves, whose sines come first with the opposite sign.</summary>
internal readonly record struct RowRotations(Heads Cosines, Heads Sines)
{
    /// <summary>A head rotated as that of a row, or back, times a factor.</summary>
    public unsafe void Rotate(int row, float* source, float* target, int width, float factor = 1, bool inverse = false) =>
        RotaryEmbedding.Rotate(source, Cosines[0, row], Sines[0, row] + width / 2, width / 2, target, factor, inverse);
}

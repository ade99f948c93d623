using A3.Kernels.Memory;

namespace A3.Kernels.Rows;

/// <summary>The angles of RoPE of the rows of a pass, which serve all its blocks. Its buffer grows and is used again.</summary>
/// <param name="inverseFrequencies">[head width / 2].</param>
internal sealed unsafe class RotationTable(double[] inverseFrequencies)
{
    private readonly int half = inverseFrequencies.Length;

    /// <summary>Cosines, then sines, of each row.</summary>
    private AlignedBuffer angles = new(0);

    /// <summary>Grows to hold so many rows; what was set is lost.</summary>
    public void Grow(int rows) => angles = new AlignedBuffer((long)rows * 2 * half);

    /// <summary>The position of a row in its text.</summary>
    public void Set(int row, int position)
    {
        var target = angles.Pointer + (nint)row * 2 * half;
        for (var i = 0; i < half; i++)
        {
            var (sine, cosine) = Math.SinCos(position * inverseFrequencies[i]);
            target[i] = (float)cosine;
            target[half + i] = (float)sine;
        }
    }

    /// <summary>Rotates heads of a row that lie next to one another, in place.</summary>
    public void Rotate(nint row, float* heads, int count)
    {
        var cosines = angles.Pointer + row * 2 * half;
        for (var head = 0; head < count; head++)
        {
            var own = heads + head * 2 * half;
            RotaryEmbedding.Rotate(own, cosines, cosines + half, half, own);
        }
    }
}

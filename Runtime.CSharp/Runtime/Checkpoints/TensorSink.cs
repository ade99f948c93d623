using System.Globalization;
using System.Runtime.InteropServices;
using A3.Kernels.Rows;

namespace A3.Runtime.Checkpoints;

/// <summary>
/// Takes the numbers of one tensor in row-major order, in as many pieces as suits, and writes them as the tensor is
/// stored.
/// </summary>
internal sealed class TensorSink
{
    private const int Piece = 1 << 16;

    private readonly string path;
    private readonly Stream stream;
    private readonly TensorPlan plan;
    private long missing;

    internal TensorSink(string path, Stream stream, TensorPlan plan)
    {
        this.path = path;
        this.stream = stream;
        this.plan = plan;
        missing = plan.Count;
    }

    /// <summary>The next numbers of a floating-point tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is full, or holds integers.</exception>
    /// <exception cref="CheckpointException">A finite number is beyond what 16 bits hold; it would be stored as an infinity.</exception>
    public void Append(ReadOnlySpan<float> numbers)
    {
        Expect(plan.Dtype.IsFloating, numbers.Length);
        Span<ushort> narrow = plan.Dtype == Dtype.Float32 ? [] : new ushort[Math.Min(Piece, numbers.Length)];
        while (!numbers.IsEmpty)
        {
            var piece = numbers[..Math.Min(Piece, numbers.Length)];
            numbers = numbers[piece.Length..];
            switch (plan.Dtype)
            {
                case Dtype.BFloat16:
                    HalfPrecision.NarrowBFloat16(piece, narrow);
                    RequireFinite(piece, narrow, HalfPrecision.BFloat16Exponent);
                    stream.Write(MemoryMarshal.AsBytes(narrow[..piece.Length]));
                    break;
                case Dtype.Float16:
                    HalfPrecision.NarrowFloat16(piece, narrow);
                    RequireFinite(piece, narrow, HalfPrecision.Float16Exponent);
                    stream.Write(MemoryMarshal.AsBytes(narrow[..piece.Length]));
                    break;
                default:
                    stream.Write(MemoryMarshal.AsBytes(piece));
                    break;
            }
        }
    }

    /// <summary>The next numbers of an <see cref="Dtype.Int64"/> tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is full, or stored as something else.</exception>
    public void Append(ReadOnlySpan<long> numbers)
    {
        Expect(plan.Dtype == Dtype.Int64, numbers.Length);
        while (!numbers.IsEmpty)
        {
            var piece = numbers[..Math.Min(Piece, numbers.Length)];
            stream.Write(MemoryMarshal.AsBytes(piece));
            numbers = numbers[piece.Length..];
        }
    }

    internal void Complete()
    {
        if (missing != 0)
        {
            throw new InvalidOperationException($"tensor {plan.Name}: {missing} of {plan.Count} numbers were not given.");
        }
    }

    private void RequireFinite(ReadOnlySpan<float> given, ReadOnlySpan<ushort> narrow, uint exponent)
    {
        for (int i = 0; i < given.Length; i++)
        {
            if ((narrow[i] & exponent) == exponent && float.IsFinite(given[i]))
            {
                throw new CheckpointException(
                    path,
                    plan.Name,
                    given[i].ToString(CultureInfo.InvariantCulture),
                    plan.Dtype == Dtype.Float16
                        ? "float16 holds numbers from -65504 to 65504; store it as bfloat16 or float32."
                        : "bfloat16 holds numbers from -3.39e38 to 3.39e38; store it as float32.");
            }
        }
    }

    private void Expect(bool storable, int numbers)
    {
        if (!storable)
        {
            throw new InvalidOperationException($"tensor {plan.Name}: such numbers are not stored as {plan.Dtype.Name}.");
        }

        missing -= numbers;
        if (missing < 0)
        {
            throw new InvalidOperationException($"tensor {plan.Name}: more than its {plan.Count} numbers were given.");
        }
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using A3.Kernels.Rows;

namespace A3.Runtime.Checkpoints;

/// <summary>
/// One tensor of an open safetensors file, read where it lies; usable until the file is disposed of. Numbers are in
/// row-major order. Reading is safe from many threads, as long as none disposes of the file meanwhile.
/// </summary>
internal sealed unsafe class TensorView
{
    /// <summary>Numbers converted at a time, so that no byte count passes 32 bits.</summary>
    private const int Piece = 1 << 24;

    /// <summary>Numbers compared at a time where two tensors are stored differently.</summary>
    private const int Compared = 1 << 14;

    private readonly SafetensorsFile file;
    private readonly TensorEntry entry;

    internal TensorView(SafetensorsFile file, TensorEntry entry)
    {
        this.file = file;
        this.entry = entry;
    }

    public string Name => entry.Name;

    public Dtype Dtype => entry.Dtype;

    public ReadOnlySpan<long> Shape => entry.Shape;

    /// <summary>Numbers in the tensor.</summary>
    public long Count => ByteLength / Dtype.Size;

    public long ByteLength => entry.End - entry.Begin;

    /// <summary>
    /// The first byte, aligned to nothing. The memory is the file's: read-only, gone when the file is disposed of.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public byte* Pointer => file.Data + entry.Begin;

    /// <summary>Bytes of the file before its first.</summary>
    public long FileOffset => file.DataStart + entry.Begin;

    /// <summary>The file it lies in, for messages.</summary>
    public string File => file.Path;

    /// <summary>
    /// Converts the numbers from <paramref name="start"/> on, as many as the destination holds, to float32.
    /// </summary>
    /// <exception cref="CheckpointException">The tensor holds integers.</exception>
    public void Read(long start, Span<float> destination)
    {
        byte* source = At(start, destination.Length);
        for (int done = 0; done < destination.Length; done += Piece)
        {
            Span<float> piece = destination.Slice(done, Math.Min(Piece, destination.Length - done));
            Convert(source + ((long)done * Dtype.Size), piece);
        }
    }

    /// <summary>
    /// Widens the numbers from <paramref name="start"/> on, as many as the destination holds, to 64 bits.
    /// </summary>
    /// <exception cref="CheckpointException">The tensor holds no integers.</exception>
    public void Read(long start, Span<long> destination)
    {
        byte* source = At(start, destination.Length);
        for (int done = 0; done < destination.Length; done += Piece)
        {
            Span<long> piece = destination.Slice(done, Math.Min(Piece, destination.Length - done));
            Convert(source + ((long)done * Dtype.Size), piece);
        }
    }

    /// <summary>Whether it has the shape and the numbers of another, however each is stored.</summary>
    public bool Holds(TensorView other)
    {
        if (!Shape.SequenceEqual(other.Shape) || !Dtype.IsFloating || !other.Dtype.IsFloating)
        {
            return false;
        }

        if (Dtype == other.Dtype)
        {
            return SameBytes(other);
        }

        var (own, others) = (new float[Compared], new float[Compared]);
        for (long done = 0; done < Count; done += Compared)
        {
            int length = (int)Math.Min(Compared, Count - done);
            Read(done, own.AsSpan(0, length));
            other.Read(done, others.AsSpan(0, length));
            if (!own.AsSpan(0, length).SequenceEqual(others.AsSpan(0, length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>All numbers as float32, in a fresh array.</summary>
    public float[] ToFloats()
    {
        var numbers = new float[Count];
        Read(0, numbers);
        return numbers;
    }

    /// <summary>All numbers as 64-bit integers, in a fresh array.</summary>
    public long[] ToIntegers()
    {
        var numbers = new long[Count];
        Read(0, numbers);
        return numbers;
    }

    public override string ToString() => $"{Name} {Dtype.Name} {TensorEntry.Show(entry.Shape)}";

    private bool SameBytes(TensorView other)
    {
        for (long done = 0; done < ByteLength; done += Piece)
        {
            int length = (int)Math.Min(Piece, ByteLength - done);
            if (!new ReadOnlySpan<byte>(Pointer + done, length).SequenceEqual(new ReadOnlySpan<byte>(other.Pointer + done, length)))
            {
                return false;
            }
        }

        return true;
    }

    private byte* At(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Count - count);
        return Pointer + (start * Dtype.Size);
    }

    private void Convert(byte* source, Span<float> destination)
    {
        switch (Dtype)
        {
            case Dtype.Float32:
                new ReadOnlySpan<byte>(
                    source,
                    destination.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case Dtype.BFloat16:
                HalfPrecision.WidenBFloat16(new ReadOnlySpan<ushort>(source, destination.Length), destination);
                break;
            case Dtype.Float16:
                HalfPrecision.WidenFloat16(new ReadOnlySpan<ushort>(source, destination.Length), destination);
                break;
            default:
                throw new CheckpointException(
                    File,
                    Name,
                    $"dtype {Dtype.Name}",
                    "floating-point numbers are expected: F32, BF16 or F16.");
        }
    }

    private void Convert(byte* source, Span<long> destination)
    {
        switch (Dtype)
        {
            case Dtype.Int64:
                new ReadOnlySpan<byte>(
                    source,
                    destination.Length * sizeof(long)).CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case Dtype.Int32:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(
                        source + (i * sizeof(int)),
                        sizeof(int)));
                }

                break;
            default:
                throw new CheckpointException(File, Name, $"dtype {Dtype.Name}", "integers are expected: I64 or I32.");
        }
    }
}

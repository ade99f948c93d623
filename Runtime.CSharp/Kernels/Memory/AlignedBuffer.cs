using System.Runtime.CompilerServices;

namespace A3.Kernels.Memory;

/// <summary>Numbers at a fixed, cache-line aligned address; the garbage collector frees them with the last slice.</summary>
/// <remarks>Memory of the collector rather than of malloc: a pass that races with a disposal reads stale numbers, never freed ones.</remarks>
internal sealed unsafe class AlignedBuffer
{
    private const int LineBytes = 64;
    private const int SlackNumbers = HugePages.Bytes / sizeof(float);

    private readonly float[] numbers;

    /// <summary>Zeros; more than an array holds throws <see cref="ArgumentException"/>.</summary>
    public AlignedBuffer(long length)
    {
        if (length < 0 || length > Array.MaxLength - SlackNumbers)
        {
            throw new ArgumentException(
                $"length = {length}: one buffer holds at most {Array.MaxLength - SlackNumbers} numbers; use a smaller capacity or fewer rows.",
                nameof(length));
        }

        var bytes = length * sizeof(float);
        var alignment = bytes >= HugePages.Bytes ? HugePages.Bytes : LineBytes;
        numbers = GC.AllocateArray<float>((int)length + alignment / sizeof(float), pinned: true);
        var address = (nint)Unsafe.AsPointer(ref numbers[0]);
        Pointer = (float*)((address + alignment - 1) & ~(nint)(alignment - 1));
        Length = length;
        HugePages.Advise(Pointer, bytes);
    }

    private AlignedBuffer(float[] numbers, float* pointer, long length)
    {
        this.numbers = numbers;
        Pointer = pointer;
        Length = length;
    }

    public float* Pointer { get; }

    public long Length { get; }

    /// <summary>A part, which keeps the whole alive; <paramref name="start"/> a multiple of 16 keeps it aligned.</summary>
    public AlignedBuffer Slice(long start, long length) => new(numbers, Pointer + start, length);
}

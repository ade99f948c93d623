using System.Runtime.CompilerServices;

namespace A3.Runtime;

/// <summary>Numbers at a fixed, cache-line aligned address; the garbage collector frees them with this object.</summary>
/// <remarks>Memory of the collector rather than of malloc: a pass that races with a disposal reads stale numbers, never freed ones.</remarks>
internal sealed unsafe class AlignedBuffer
{
    private const int LineBytes = 64;
    private readonly float[] numbers;

    /// <summary>Zeros; more than an array holds throws <see cref="ArgumentException"/>.</summary>
    public AlignedBuffer(long length)
    {
        var slack = LineBytes / sizeof(float);
        if (length < 0 || length > Array.MaxLength - slack)
        {
            throw new ArgumentException(
                $"length = {length}: one buffer holds at most {Array.MaxLength - slack} numbers; use a smaller capacity or fewer rows.",
                nameof(length));
        }

        numbers = GC.AllocateArray<float>((int)length + slack, pinned: true);
        var address = (nint)Unsafe.AsPointer(ref numbers[0]);
        Pointer = (float*)((address + LineBytes - 1) & ~(nint)(LineBytes - 1));
        Length = length;
    }

    public float* Pointer { get; }

    public long Length { get; }
}

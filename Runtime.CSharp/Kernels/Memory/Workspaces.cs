using System.Runtime.InteropServices;

namespace A3.Kernels.Memory;

/// <summary>Scratch memory, a piece for each worker of a loop, with whatever was in it before. Freed when disposed of.</summary>
/// <remarks>Of malloc, so that a process that keeps what it frees finds the same pages again at the next call.</remarks>
internal sealed unsafe class Workspaces(int workers, long numbersEach) : IDisposable
{
    private readonly long each = Workspace.WholeLines(numbersEach);
    private float* start = (float*)NativeMemory.AlignedAlloc(
        (nuint)(workers * Workspace.WholeLines(numbersEach) * sizeof(float)), Workspace.LineBytes);

    /// <summary>The memory of one worker, all of it to be taken.</summary>
    public Workspace Of(int worker) => new(start + worker * each);

    public void Dispose()
    {
        NativeMemory.AlignedFree(start);
        start = null;
    }
}

/// <summary>Scratch memory of one worker, from which buffers are taken one behind the other, each of them whole cache lines.</summary>
internal unsafe struct Workspace(float* start)
{
    /// <summary>Numbers of a cache line.</summary>
    public const int LineNumbers = 16;

    public const int LineBytes = LineNumbers * sizeof(float);

    private float* next = start;

    /// <summary>So many numbers in whole lines.</summary>
    public static long WholeLines(long numbers) => (numbers + LineNumbers - 1) / LineNumbers * LineNumbers;

    /// <summary>The next so many numbers.</summary>
    public float* Take(long numbers)
    {
        var taken = next;
        next += WholeLines(numbers);
        return taken;
    }
}

using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;

namespace A3.Runtime;

/// <summary>
/// A file of numbers, mapped into memory: pages come in as they are read, and the system may drop them again. Owns the mapping;
/// safe to read from several threads until disposed.
/// </summary>
internal sealed unsafe class MappedNumbers<T> : IDisposable
    where T : unmanaged
{
    private readonly MemoryMappedFile mapping;
    private readonly MemoryMappedViewAccessor view;
    private T* first;

    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public MappedNumbers(string path)
    {
        Count = new FileInfo(path).Length / Unsafe.SizeOf<T>();
        mapping = MemoryMappedFile.CreateFromFile(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete),
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: false);
        view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        first = (T*)(start + view.PointerOffset);
    }

    /// <summary>Numbers in the file.</summary>
    public long Count { get; }

    /// <summary>Numbers from an index on; they must not be used after the mapping is disposed.</summary>
    public ReadOnlySpan<T> this[long start, int length]
    {
        get
        {
            ObjectDisposedException.ThrowIf(first is null, this);
            return start >= 0 && length >= 0 && start <= Count - length
                ? new ReadOnlySpan<T>(first + start, length)
                : throw new ArgumentOutOfRangeException(nameof(start), $"{start}..{start + length} of {Count} numbers.");
        }
    }

    public void Dispose()
    {
        if (first is not null)
        {
            first = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view.Dispose();
        mapping.Dispose();
    }
}

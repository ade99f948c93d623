using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using A3.Runtime.Storage;

namespace A3.Runtime.Checkpoints;

/// <summary>
/// A safetensors file, memory-mapped: opening reads the header only, and pages of data come in as they are read. The
/// file must not be cut short meanwhile; replacing it by renaming, as <see cref="AtomicFile"/> does, is harmless.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private const int PrefixBytes = sizeof(ulong);
    private const long LongestHeader = 100_000_000;

    private readonly MemoryMappedFile mapping;
    private readonly MemoryMappedViewAccessor accessor;
    private readonly Dictionary<string, TensorView> byName;
    private byte* data;

    private SafetensorsFile(string path, long length)
    {
        Path = path;
        mapping = MemoryMappedFile.CreateFromFile(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete),
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: false);
        accessor = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* first = null;
        accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        first += accessor.PointerOffset;
        try
        {
            if (RegularFile.IsLfsPointer(new ReadOnlySpan<byte>(first, (int)Math.Min(length, 256))))
            {
                throw RegularFile.Pointer(CheckpointFile.Failing(path));
            }

            ulong header = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(first, PrefixBytes));
            if (header > Math.Min((ulong)(length - PrefixBytes), LongestHeader))
            {
                throw new CheckpointException(
                    path,
                    null,
                    $"a header of {header} bytes in a file of {length}",
                    $"it must end within the file and have at most {LongestHeader} bytes.");
            }

            long dataStart = PrefixBytes + (long)header;
            var json = new ReadOnlySpan<byte>(first + PrefixBytes, (int)header);
            var entries = SafetensorsHeader.Parse(path, json, length - dataStart);
            Tensors = [.. entries.Select(entry => new TensorView(this, entry))];
            byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
            DataStart = dataStart;
            data = first + dataStart;
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>In the order of their bytes.</summary>
    public IReadOnlyList<TensorView> Tensors { get; }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="CheckpointException">There is none.</exception>
    public TensorView this[string name] =>
        byName.TryGetValue(name, out var tensor)
            ? tensor
            : throw new CheckpointException(Path, name, "missing", $"the file holds {Tensors.Count} others.");

    /// <summary>Bytes of the header, after which the data begin.</summary>
    internal long DataStart { get; }

    /// <summary>The first byte after the header.</summary>
    internal byte* Data => data is not null ? data : throw new ObjectDisposedException(Path);

    /// <summary>Maps the file and checks its header.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        try
        {
            // Asked before opening, because opening a pipe waits for its other end. Pipes and devices have length 0.
            long length = RegularFile.Length(path);
            if (length < PrefixBytes)
            {
                throw new CheckpointException(
                    path,
                    null,
                    length == 0 ? "no bytes: empty, a pipe or a device" : $"{length} bytes",
                    $"a safetensors file has at least {PrefixBytes}.");
            }

            return new SafetensorsFile(path, length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CheckpointFile.Unreadable(path, error);
        }
    }

    public bool TryGet(string name, [NotNullWhen(true)] out TensorView? tensor) => byName.TryGetValue(name, out tensor);

    public void Dispose()
    {
        if (data is not null)
        {
            data = null;
            Close();
        }
    }

    private void Close()
    {
        accessor.SafeMemoryMappedViewHandle.ReleasePointer();
        accessor.Dispose();
        mapping.Dispose();
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace A3.Torch.Data;

/// <summary>
/// A file of numbers, of which some are read when they are asked for. Not mapped into memory: a file that is cut short meanwhile would end
/// the process. Owns the file; safe to read from several threads until disposed.
/// </summary>
internal sealed class NumbersFile<T>(string path) : IDisposable
    where T : unmanaged
{
    private readonly SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    /// <summary>Numbers from an index on.</summary>
    /// <exception cref="TrainingException">The file holds fewer, or cannot be read.</exception>
    public T[] Read(long start, int length)
    {
        var numbers = new T[length];
        var rest = MemoryMarshal.AsBytes(numbers.AsSpan());
        var offset = start * Unsafe.SizeOf<T>();
        try
        {
            for (var count = -1; rest.Length > 0 && count != 0; rest = rest[count..], offset += count)
            {
                count = RandomAccess.Read(file, rest, offset);
            }
        }
        catch (IOException error)
        {
            throw new TrainingException($"{Shown.Text(path)}: cannot be read ({Shown.Text(error.Message)})", error);
        }

        return rest.Length == 0
            ? numbers
            : throw new TrainingException($"{Shown.Text(path)}: ends before byte {offset + rest.Length}; it was cut short while it was in use.");
    }

    public void Dispose() => file.Dispose();
}

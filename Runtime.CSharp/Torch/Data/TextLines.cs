using System.Buffers;
using System.Text;

namespace A3.Torch.Data;

/// <summary>A line of a file: its number from 1, its text without the line end, and what is wrong with it, if anything is.</summary>
internal readonly record struct TextLine(long Number, string Text, string? Fault);

/// <summary>
/// The lines of a UTF-8 file, read one by one; no file, not even an endless one, takes more memory than one line may. A
/// line that is no text is told apart from its neighbours, which stay readable.
/// </summary>
internal static class TextLines
{
    /// <summary>Longest line, in bytes.</summary>
    internal const int Longest = 1 << 26;

    private const int ChunkBytes = 1 << 16;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The lines of a stream, which the caller closes; <paramref name="path"/> names it in errors. What is left of a line that is too long
    /// is passed over.
    /// </summary>
    /// <exception cref="TrainingException">The stream cannot be read.</exception>
    public static IEnumerable<TextLine> Of(
        Stream stream, string path, CancellationToken cancellation = default, int longest = Longest)
    {
        var chunk = new byte[ChunkBytes];
        using var line = new MemoryStream();
        var (number, before, dropped) = (1L, 0L, false);
        for (var count = Read(stream, chunk, path); count > 0; count = Read(stream, chunk, path))
        {
            cancellation.ThrowIfCancellationRequested();
            for (var start = 0; start < count;)
            {
                var length = chunk.AsSpan(start, count - start).IndexOf((byte)'\n');
                var end = length < 0 ? count : start + length;
                if (!dropped && line.Length + end - start > longest)
                {
                    dropped = true;
                    yield return new TextLine(number, "", $"longer than {longest} bytes; break it into lines.");
                }

                if (!dropped)
                {
                    line.Write(chunk, start, end - start);
                }

                if (length >= 0)
                {
                    if (!dropped)
                    {
                        yield return Decoded(number, before + end - line.Length, line);
                    }

                    line.SetLength(0);
                    (number, dropped) = (number + 1, false);
                }

                start = end + 1;
            }

            before += count;
        }

        if (line.Length > 0 && !dropped)
        {
            yield return Decoded(number, before - line.Length, line);
        }
    }

    /// <summary>The line of these bytes, which begins at an offset of its file.</summary>
    private static TextLine Decoded(long number, long offset, MemoryStream line)
    {
        ReadOnlySpan<byte> bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
        var start = number == 1 && bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        var end = bytes is [.., (byte)'\r'] ? bytes.Length - 1 : bytes.Length;
        try
        {
            return new TextLine(number, Strict.GetString(bytes[start..end]), null);
        }
        catch (DecoderFallbackException)
        {
            var valid = start + ValidLength(bytes[start..end]);
            return new TextLine(number, "", $"not UTF-8 text at byte offset {offset + valid} (0x{bytes[valid]:X2}).{Hint(bytes)}");
        }
    }

    /// <summary>Bytes before the first that no valid UTF-8 has there.</summary>
    private static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var valid = 0;
        while (Rune.DecodeFromUtf8(bytes[valid..], out _, out var length) == OperationStatus.Done)
        {
            valid += length;
        }

        return valid;
    }

    private static string Hint(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => " It begins as UTF-16 does; save it as UTF-8.",
        [0x1F, 0x8B, ..] or [0x28, 0xB5, 0x2F, 0xFD, ..] => " It begins as compressed files do; unpack it.",
        _ => "",
    };

    private static int Read(Stream stream, byte[] chunk, string path)
    {
        try
        {
            return stream.Read(chunk);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"{Shown.Text(path)}: cannot be read ({Shown.Text(error.Message)})", error);
        }
    }
}

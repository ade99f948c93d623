using System.Text;

namespace A3.Runtime;

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
    /// <exception cref="A3Exception">The stream cannot be read.</exception>
    public static IEnumerable<TextLine> Of(
        Stream stream, string path, CancellationToken cancellation = default, int longest = Longest)
    {
        var chunk = new byte[ChunkBytes];
        using var line = new MemoryStream();
        var (number, dropped) = (1L, false);
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

                start = end + 1;
                if (length >= 0)
                {
                    if (!dropped)
                    {
                        yield return Decoded(number, line);
                    }

                    line.SetLength(0);
                    (number, dropped) = (number + 1, false);
                }
            }
        }

        if (line.Length > 0 && !dropped)
        {
            yield return Decoded(number, line);
        }
    }

    private static TextLine Decoded(long number, MemoryStream line)
    {
        ReadOnlySpan<byte> bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
        bytes = number == 1 && bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        bytes = bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes;
        try
        {
            return new TextLine(number, Strict.GetString(bytes), null);
        }
        catch (DecoderFallbackException error)
        {
            return new TextLine(number, "", $"not UTF-8 text from its byte {Math.Max(error.Index, 0)} on.");
        }
    }

    private static int Read(Stream stream, byte[] chunk, string path)
    {
        try
        {
            return stream.Read(chunk);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new A3Exception($"{path}: cannot be read ({error.Message})", error);
        }
    }
}

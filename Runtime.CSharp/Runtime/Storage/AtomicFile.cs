namespace A3.Runtime.Storage;

/// <summary>
/// Files that are replaced whole: a reader, a crash or a full disk meets the old content or the new, never a part.
/// </summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes to a new file beside <paramref name="path"/>, flushes it to the disk and renames it over the old one. On
    /// any failure the old file stays and the new one is removed; only a killed process can leave it
    /// (`NAME.RANDOM.tmp`). A symbolic link at the path is replaced, the file it leads to is left alone.
    /// </summary>
    /// <exception cref="IOException">
    /// The disk or the folder refused; names the file and the cause. What the writer itself throws passes unchanged.
    /// </exception>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (var stream = new FileStream(
                temporary,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception cause)
        {
            Discard(temporary);
            if (cause is IOException or UnauthorizedAccessException)
            {
                throw new IOException(
                    $"{path}: not written, and what was there before is kept: {cause.Message}",
                    cause);
            }

            throw;
        }
    }

    /// <summary>Removes what killed processes left in a folder of the files whose names begin so.</summary>
    /// <exception cref="IOException">The folder refused.</exception>
    public static void RemoveLeftovers(string folder, string beginning = "")
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.tmp")
            .Where(path => Path.GetFileName(path).StartsWith(beginning, StringComparison.Ordinal) && IsLeftover(path)))
        {
            File.Delete(path);
        }
    }

    /// <summary>Whether a name is one that <see cref="Write"/> gives: `NAME.RANDOM.tmp`, the random part 8 letters and 3.</summary>
    private static bool IsLeftover(string path) =>
        Path.GetFileName(path).Split('.') is [_, .., { Length: 8 }, { Length: 3 }, "tmp"];

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one worth reporting.
        }
    }
}

namespace A3.Runtime;

/// <summary>
/// Files of a checkpoint directory, whose every failure to be read is a <see cref="CheckpointException"/>.
/// </summary>
internal static class CheckpointFile
{
    private const long LongestText = 100_000_000;

    /// <summary>Bytes of the file that a path, symbolic links followed, leads to.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static long Length(string path)
    {
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true);
        return new FileInfo(target?.FullName ?? path).Length;
    }

    /// <summary>A text of bounded length.</summary>
    /// <exception cref="CheckpointException">The file is missing, unreadable or too long.</exception>
    public static string ReadText(string path)
    {
        try
        {
            long length = Length(path);
            if (length is 0 or > LongestText)
            {
                throw new CheckpointException(path, null, $"{length} bytes", $"1 to {LongestText} are expected.");
            }

            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }

    public static CheckpointException Unreadable(string path, Exception error) =>
        new(path, null, error.Message.TrimEnd('.'), "a readable file is expected.", error);
}

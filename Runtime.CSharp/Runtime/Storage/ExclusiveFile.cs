namespace A3.Runtime.Storage;

/// <summary>
/// A file that one process holds at a time, to keep others out of a folder. That goes with the process, however it ends; the file stays and
/// means nothing. Were it deleted, a process that opened it before and one that makes it anew would both hold one.
/// </summary>
internal static class ExclusiveFile
{
    /// <summary>What the systems say where another process holds a file: Linux, macOS, Windows.</summary>
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Takes the file; disposing of it lets others in.</summary>
    /// <exception cref="A3Exception">Another process holds it: names the file and ends with <paramref name="remedy"/>. Or it cannot be written.</exception>
    public static IDisposable Open(string path, string remedy)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new A3Exception(
                Held.Contains(error.HResult)
                    ? $"{Shown.Text(path)}: {remedy}"
                    : $"{Shown.Text(path)}: cannot be written ({Shown.Text(error.Message)}); a folder is needed that this user may write to.",
                error);
        }
    }
}

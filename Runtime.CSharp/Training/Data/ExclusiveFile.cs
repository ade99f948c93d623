namespace A3.Runtime;

/// <summary>A file that one process holds at a time, to keep others out of a folder; it goes with the process, however that ends.</summary>
internal static class ExclusiveFile
{
    /// <summary>Takes the file; disposing of it lets others in.</summary>
    /// <exception cref="A3Exception">Another holds it; ends with <paramref name="remedy"/>.</exception>
    public static IDisposable Open(string path, string remedy)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException error)
        {
            throw new A3Exception($"{path}: {remedy} ({error.Message})", error);
        }
    }
}

namespace A3.Runtime.Storage;

/// <summary>
/// Files that come from others, reached through any symbolic links: lengths and times are the target's, and no pipe, device or
/// endless file is read.
/// </summary>
internal static class RegularFile
{
    private const int MostLinks = 40;

    private static ReadOnlySpan<byte> LfsPointer => "version https://git-lfs.github.com/spec/"u8;

    /// <summary>
    /// The path without symbolic links, as the system follows them: in folders on the way too, and `..` from where a link leads.
    /// </summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Target(string path)
    {
        var full = Path.GetFullPath(path);
        var target = Path.GetPathRoot(full)!;
        var rest = new Stack<string>();
        Push(rest, full[target.Length..]);
        for (int links = 0; rest.TryPop(out string? name);)
        {
            if (name == "..")
            {
                target = Path.GetDirectoryName(target) ?? target;
                continue;
            }

            var next = Path.Combine(target, name);
            if (new FileInfo(next).LinkTarget is not { } link)
            {
                target = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"{path}: more than {MostLinks} symbolic links lead to it.");
            }

            var root = Path.GetPathRoot(link)!;
            target = root.Length > 0 ? root : target;
            Push(rest, link[root.Length..]);
        }

        return target;
    }

    /// <summary>Bytes of the target; 0 for pipes and devices.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static long Length(string path) => new FileInfo(Target(path)).Length;

    /// <summary>When the target was last written.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static DateTime Modified(string path) => new FileInfo(Target(path)) is { Exists: true } file
        ? file.LastWriteTimeUtc
        : throw new FileNotFoundException($"{path}: there is no such file.");

    /// <summary>The whole file.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="longest">More bytes are not read.</param>
    /// <param name="fail">Makes the exception of what was found and what is expected instead.</param>
    public static byte[] Read(string path, int longest, Func<string, string, Exception?, A3Exception> fail)
    {
        try
        {
            // Asked before opening, because opening a pipe waits for its other end.
            RequireLength(Length(path), longest, fail);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);
            RequireLength(stream.Length, longest, fail);
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return IsLfsPointer(content) ? throw Pointer(fail) : content;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw fail(error.Message.TrimEnd('.'), "a readable file is expected.", error);
        }
    }

    /// <summary>Whether a file begins as those do that Git LFS leaves where it did not download.</summary>
    public static bool IsLfsPointer(ReadOnlySpan<byte> content) => content.StartsWith(LfsPointer);

    /// <summary>The error of such a file.</summary>
    public static A3Exception Pointer(Func<string, string, Exception?, A3Exception> fail) =>
        fail("a Git LFS pointer", "the file that it points to is expected: 'git lfs pull' fetches it.", null);

    private static void RequireLength(long length, int longest, Func<string, string, Exception?, A3Exception> fail)
    {
        if (length == 0)
        {
            throw fail("no bytes: empty, a pipe or a device", $"a file of 1 to {longest} bytes is expected.", null);
        }

        if (length > longest)
        {
            throw fail($"{length} bytes", $"a file of 1 to {longest} bytes is expected.", null);
        }
    }

    private static void Push(Stack<string> rest, string path)
    {
        foreach (string name in path.Split(Path.DirectorySeparatorChar).Reverse().Where(name => name.Length > 0 && name != "."))
        {
            rest.Push(name);
        }
    }
}

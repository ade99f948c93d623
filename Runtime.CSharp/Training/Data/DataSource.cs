using System.Security.Cryptography;

namespace A3.Runtime;

/// <summary>Files of documents and how they are read; with the tokenizer, all that decides a token cache.</summary>
internal sealed record DataSource(IReadOnlyList<string> Files, string Field, BrokenLines BrokenLines);

/// <summary>What a file of documents was when it was read.</summary>
/// <param name="Path">Where it lay.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Modified">When it was last written, in ticks of UTC.</param>
/// <param name="Sha256">Of its bytes, in hexadecimal digits.</param>
/// <param name="Documents">How many of the cached documents are from it and the files before it.</param>
internal sealed record SourceFile(string Path, long Bytes, long Modified, string Sha256, long Documents)
{
    /// <summary>A file that holds no documents, as it is now; its bytes are read.</summary>
    /// <exception cref="A3Exception">The file cannot be read.</exception>
    public static SourceFile Of(string path)
    {
        using var stream = DocumentFile.Open(path);
        return new(path, stream.Length, new FileInfo(path).LastWriteTimeUtc.Ticks, Hash(stream), 0);
    }

    /// <summary>
    /// Whether the file is still what it was. Length and time of writing decide where they are unchanged, so that hundreds of
    /// gigabytes are not read for it; else the bytes do.
    /// </summary>
    /// <exception cref="A3Exception">The file cannot be read.</exception>
    public bool IsUnchanged()
    {
        var file = new FileInfo(Path);
        using var stream = DocumentFile.Open(Path);
        return stream.Length == Bytes && (file.LastWriteTimeUtc.Ticks == Modified || Hash(stream) == Sha256);
    }

    private static string Hash(Stream stream) => Convert.ToHexStringLower(SHA256.HashData(stream));
}

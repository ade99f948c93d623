using A3.Runtime.Checkpoints;

namespace A3.Torch.Data;

/// <summary>Files of documents and how they are read; with the tokenizer, all that decides a token cache.</summary>
internal sealed record DataSource(IReadOnlyList<string> Files, string Field, BrokenLines BrokenLines);

/// <summary>What a file of documents was when it was read.</summary>
/// <param name="Path">Where it lay.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its bytes, in hexadecimal digits.</param>
/// <param name="Documents">How many of the cached documents are from it and the files before it.</param>
internal sealed record SourceFile(string Path, long Bytes, string Sha256, long Documents)
{
    /// <summary>A file that holds no documents, as it is now.</summary>
    /// <exception cref="TrainingException">The file cannot be read.</exception>
    public static SourceFile Of(string path, FileHashes hashes) => new(path, CheckpointFile.Length(path), hashes.Of(path), 0);

    /// <summary>Whether the file is still what it was: by its bytes, which are read unless their number tells.</summary>
    /// <exception cref="TrainingException">The file cannot be read.</exception>
    public bool IsUnchanged(FileHashes hashes)
    {
        DocumentFile.Check(Path);
        return CheckpointFile.Length(Path) == Bytes && hashes.Of(Path) == Sha256;
    }
}

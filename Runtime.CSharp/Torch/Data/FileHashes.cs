using System.Security.Cryptography;

namespace A3.Torch.Data;

/// <summary>SHA-256 of files, each read once however often it is asked for. What a file is told by: its name, length and times prove nothing.</summary>
internal sealed class FileHashes(IProgress<Preparation>? preparation, CancellationToken cancellation)
{
    private const int ChunkBytes = 1 << 20;

    private readonly Dictionary<string, string> known = [];

    /// <summary>The hash of a file's bytes, in hexadecimal digits.</summary>
    /// <exception cref="TrainingException">It cannot be read.</exception>
    public string Of(string path)
    {
        if (!known.TryGetValue(path, out var hash))
        {
            using var stream = DocumentFile.Open(path);
            hash = Read(stream, path);
            known.Add(path, hash);
        }

        return hash;
    }

    /// <summary>No more than the length it has now is read.</summary>
    private string Read(FileStream stream, string path)
    {
        var progress = new ShareReport($"checking {Shown.Text(Path.GetFileName(path))}", preparation);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkBytes];
        var length = stream.Length;
        for (var done = 0L; done < length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = stream.Read(chunk);
            if (count == 0)
            {
                break;
            }

            hash.AppendData(chunk, 0, count);
            done += count;
            progress.Report((double)done / length);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using A3.Runtime.Checkpoints;

namespace A3.Torch.Data;

/// <summary>Whether the files of a token cache are what its header says, and what a run can train on: by their hashes, and entry by entry.</summary>
internal static class TokenCacheCheck
{
    private const int AtOnce = 1 << 18;

    /// <summary>What is wrong with the files, as the end of a sentence; null where nothing is.</summary>
    /// <param name="files">Where they lie.</param>
    /// <param name="header">What they should be.</param>
    /// <param name="vocabulary">Ids are below it.</param>
    /// <param name="preparation">Hears how far the work is.</param>
    /// <param name="cancellation">Stops with <see cref="OperationCanceledException"/>.</param>
    public static string? Fault(
        TokenCacheFiles files, TokenCacheHeader header, int vocabulary, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        var progress = new ShareReport($"checking {Path.GetFileName(files.Tokens)}", preparation);
        var previous = new DocumentEntry(0, 1);
        bool IsNext(DocumentEntry entry, long index)
        {
            var length = entry.FirstToken - previous.FirstToken;
            previous = entry;
            return index == 0 ? length == 0 : length is >= 1 and <= TokenCacheWriter.LongestDocument;
        }

        return FaultOf<DocumentEntry>(files.Documents, header.Documents + 1, header.DocumentsSha256, IsNext, null, cancellation)
            ?? (previous.FirstToken == header.Tokens ? null : $"{files.Documents} speaks of {previous.FirstToken} tokens, and its header of {header.Tokens}.")
            ?? FaultOf<uint>(files.Tokens, header.Tokens, header.TokensSha256, (token, _) => MarkedTokens.IdOf(token) < vocabulary, progress, cancellation);
    }

    private static string? FaultOf<T>(
        string path, long count, string sha256, Func<T, long, bool> holds, IProgress<double>? progress, CancellationToken cancellation)
        where T : unmanaged
    {
        var shown = Shown.Text(path);
        if (!File.Exists(path) || CheckpointFile.Length(path) != count * Unsafe.SizeOf<T>())
        {
            return $"{shown} has not the length its header says.";
        }

        using var file = new NumbersFile<T>(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var fault = (string?)null;
        for (var start = 0L; start < count; start += AtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            var numbers = file.Read(start, (int)Math.Min(AtOnce, count - start));
            hash.AppendData(MemoryMarshal.AsBytes(numbers.AsSpan()));
            for (var index = 0; index < numbers.Length && fault is null; index++)
            {
                fault = holds(numbers[index], start + index) ? null : $"{shown} holds {numbers[index]} at {start + index}, which is out of range.";
            }

            progress?.Report((double)(start + numbers.Length) / count);
        }

        return fault ?? (Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256 ? null : $"{shown} is not the file that its header tells of, by its hash.");
    }
}

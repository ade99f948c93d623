using System.Runtime.InteropServices;
using System.Security.Cryptography;
using A3.Runtime.Checkpoints;
using A3.Runtime.Storage;

namespace A3.Torch.Data;

/// <summary>Tokenizes sources into a cache, in one pass over each file and in memory that does not grow with them.</summary>
internal sealed class TokenCacheWriter(TokenCacheFiles files, Tokenization work, IProgress<Preparation>? preparation)
{
    /// <summary>A document of more tokens is stored as several, so that a book counts as much as its length.</summary>
    internal const int LongestDocument = 1 << 17;

    private const int CharactersAtOnce = 1 << 22;

    private readonly DataSource source = work.Source;
    private readonly ShareReport progress = new($"tokenizing {Shown.Text(string.Join(", ", work.Source.Files.Select(Path.GetFileName).Take(3)))}", preparation);
    private readonly ReadingLog log = new(work.Source.BrokenLines, preparation);
    private readonly List<SourceFile> done = [];
    private readonly long totalBytes = Math.Max(1, work.Source.Files.Sum(file => File.Exists(file) ? CheckpointFile.Length(file) : 0));
    private readonly IncrementalHash tokenHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash documentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long tokenCount;
    private long documentCount;
    private long bytesDone;

    /// <summary>Replaces the cache whole: what is there before has no header from the moment the new files take their places.</summary>
    /// <exception cref="TrainingException">A source cannot be used, holds no document, or another process is at this cache.</exception>
    /// <exception cref="IOException">The folder refused; what the work left is removed.</exception>
    public TokenCacheHeader Write(CancellationToken cancellation)
    {
        Directory.CreateDirectory(files.Folder);
        using var exclusive = ExclusiveFile.Open(files.Lock, "another process is tokenizing into this cache: wait for it, or give another folder (--cache).");
        AtomicFile.RemoveLeftovers(files.Folder, Path.GetFileNameWithoutExtension(files.Header));
        AtomicFile.Write(files.Documents, documents => AtomicFile.Write(files.Tokens, tokens =>
        {
            WriteAll(tokens, documents, cancellation);
            File.Delete(files.Header);
        }));
        log.Summarise();
        var header = new TokenCacheHeader(
            TokenCacheHeader.Current,
            work.TokenizerHash,
            source.Field,
            source.BrokenLines,
            documentCount,
            tokenCount,
            log.LeftOut,
            Convert.ToHexStringLower(documentHash.GetHashAndReset()),
            Convert.ToHexStringLower(tokenHash.GetHashAndReset()),
            done);
        files.WriteHeader(header);
        return header;
    }

    private void WriteAll(Stream tokens, Stream documents, CancellationToken cancellation)
    {
        foreach (var path in source.Files)
        {
            WriteFile(path, tokens, documents, cancellation);
        }

        WriteEntry(documents, new DocumentEntry(tokenCount, 0));
        if (documentCount == 0)
        {
            throw new TrainingException(
                $"no document in {Shown.Text(string.Join(", ", source.Files))}: a document is any text that is not blank; broken lines left out: {log.LeftOut}.");
        }
    }

    private void WriteFile(string path, Stream tokens, Stream documents, CancellationToken cancellation)
    {
        using var sha = SHA256.Create();
        using var stream = DocumentFile.Open(path);
        var bytes = stream.Length;
        using (var hashed = new CryptoStream(stream, sha, CryptoStreamMode.Read, leaveOpen: true))
        {
            foreach (var batch in Batches(DocumentFile.Read(hashed, path, source.Field, log, cancellation)))
            {
                cancellation.ThrowIfCancellationRequested();
                WriteDocuments(path, batch, tokens, documents);
                progress.Report((double)(bytesDone + stream.Position) / totalBytes);
            }
        }

        bytesDone += bytes;
        done.Add(new SourceFile(Path.GetFullPath(path), bytes, Convert.ToHexStringLower(sha.Hash!), documentCount));
    }

    /// <summary>Documents that are tokenized side by side; few enough letters that they fit any memory.</summary>
    private static IEnumerable<List<SourceText>> Batches(IEnumerable<SourceText> documents)
    {
        var (batch, letters) = (new List<SourceText>(), 0);
        foreach (var document in documents)
        {
            batch.Add(document);
            letters += document.Text.Length;
            if (letters >= CharactersAtOnce)
            {
                yield return batch;
                (batch, letters) = ([], 0);
            }
        }

        yield return batch;
    }

    private void WriteDocuments(string path, List<SourceText> batch, Stream tokens, Stream documents)
    {
        var encoded = new (uint[] Tokens, string? Fault)[batch.Count];
        Parallel.For(0, batch.Count, index => encoded[index] = Encoded(batch[index].Text));
        foreach (var (document, (marked, fault)) in batch.Zip(encoded))
        {
            if (fault is not null)
            {
                log.Broken(path, document.Line, fault);
                continue;
            }

            foreach (var piece in MarkedTokens.Pieces(marked, LongestDocument))
            {
                WriteEntry(documents, new DocumentEntry(tokenCount, document.Line));
                var bytes = MemoryMarshal.AsBytes(piece.Span);
                tokens.Write(bytes);
                tokenHash.AppendData(bytes);
                tokenCount += piece.Length;
                documentCount++;
            }
        }

        if (documentCount >= int.MaxValue)
        {
            throw new TrainingException($"{Shown.Text(path)}: more than {int.MaxValue - 1} documents; train on parts of them, or join short ones.");
        }
    }

    private (uint[] Tokens, string? Fault) Encoded(string text)
    {
        try
        {
            var tokens = MarkedTokens.Of(text, work.Tokenizer);
            return (tokens, tokens.Length == 0 ? "a document without usable tokens: the tokenizer makes nothing of it." : null);
        }
        catch (TokenizerException error)
        {
            return ([], $"a document without usable tokens ({Shown.Text(error.Message)})");
        }
    }

    private void WriteEntry(Stream documents, DocumentEntry entry)
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<DocumentEntry>(in entry));
        documents.Write(bytes);
        documentHash.AppendData(bytes);
    }
}

using System.Collections;
using System.Runtime.CompilerServices;

namespace A3.Runtime;

/// <summary>First token of a document, and the line of its file at which it starts.</summary>
internal readonly record struct DocumentEntry(long FirstToken, long Line);

/// <summary>
/// Tokenized documents in memory-mapped files: opening reads a header, a document is read when it is asked for, and memory holds
/// no more than that. Safe to read from several threads until disposed.
/// </summary>
internal sealed class TokenCache : IReadOnlyList<Document>, IDisposable
{
    private readonly MappedNumbers<uint> tokens;
    private readonly MappedNumbers<DocumentEntry> entries;

    private TokenCache(TokenCacheFiles files, TokenCacheHeader header)
    {
        Header = header;
        tokens = new MappedNumbers<uint>(files.Tokens);
        entries = new MappedNumbers<DocumentEntry>(files.Documents);
    }

    public TokenCacheHeader Header { get; }

    public int Count => (int)Header.Documents;

    public Document this[int document]
    {
        get
        {
            var pair = entries[document, 2];
            return MarkedTokens.Read(tokens[pair[0].FirstToken, (int)(pair[1].FirstToken - pair[0].FirstToken)]);
        }
    }

    /// <summary>
    /// The cache of these sources, made first where there is none or another; says why it is made anew, and how far it is.
    /// </summary>
    /// <exception cref="A3Exception">A source cannot be read, holds a broken line that is fatal, or no document at all.</exception>
    /// <exception cref="IOException">The folder refused.</exception>
    public static TokenCache Open(
        TokenCacheFiles files,
        DataSource source,
        ITokenizer tokenizer,
        string tokenizerHash,
        IProgress<Preparation>? preparation,
        CancellationToken cancellation)
    {
        var header = files.ReadHeader();
        var reason = Mismatch(files, header, source, tokenizerHash);
        if (reason is not null)
        {
            if (reason.Length > 0)
            {
                preparation?.Report(new Preparation($"{files.Header}: the token cache is made anew, because {reason}", null));
            }

            header = new TokenCacheWriter(files, source, tokenizer, tokenizerHash, preparation).Write(cancellation);
        }
        else
        {
            header = Refreshed(files, header!);
            if (header.LeftOut > 0)
            {
                preparation?.Report(new Preparation($"broken lines left out: {header.LeftOut}.", null));
            }
        }

        return new TokenCache(files, header);
    }

    /// <summary>The file of a document and the line at which it starts.</summary>
    public (string File, long Line) Place(int document) =>
        (Header.Sources.First(source => document < source.Documents).Path, entries[document, 1][0].Line);

    public IEnumerator<Document> GetEnumerator() => Enumerable.Range(0, Count).Select(document => this[document]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        tokens.Dispose();
        entries.Dispose();
    }

    /// <summary>Why the files are not the cache that is wanted; empty where there is none yet, null where they are.</summary>
    private static string? Mismatch(TokenCacheFiles files, TokenCacheHeader? header, DataSource source, string tokenizer)
    {
        if (header is null)
        {
            return File.Exists(files.Header) ? "its header cannot be read." : "";
        }

        return header.Version != TokenCacheHeader.Current ? $"it has format {header.Version}, and this program writes {TokenCacheHeader.Current}."
            : header.Tokenizer != tokenizer ? "it was made with another tokenizer."
            : header.Field != source.Field ? $"it holds the field \"{header.Field}\", and \"{source.Field}\" is wanted."
            : header.BrokenLines != source.BrokenLines ? $"it was made with broken lines = {header.BrokenLines}, and {source.BrokenLines} is wanted."
            : !HasLength(files.Tokens, header.Tokens * sizeof(uint)) ? $"{files.Tokens} has not the length its header says."
            : !HasLength(files.Documents, (header.Documents + 1) * Unsafe.SizeOf<DocumentEntry>()) ? $"{files.Documents} has not the length its header says."
            : header.Sources.FirstOrDefault(file => !file.IsUnchanged()) is { } changed ? $"{changed.Path} has changed since."
            : null;
    }

    /// <summary>The header with the sources' present times of writing, so that a touched file is read through once and not each time.</summary>
    private static TokenCacheHeader Refreshed(TokenCacheFiles files, TokenCacheHeader header)
    {
        SourceFile[] sources = [.. header.Sources.Select(file => file with { Modified = File.GetLastWriteTimeUtc(file.Path).Ticks })];
        if (sources.SequenceEqual(header.Sources))
        {
            return header;
        }

        header = header with { Sources = sources };
        files.WriteHeader(header);
        return header;
    }

    private static bool HasLength(string path, long bytes) => new FileInfo(path) is { Exists: true } file && file.Length == bytes;
}

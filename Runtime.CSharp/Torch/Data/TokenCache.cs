using System.Collections;

namespace A3.Torch.Data;

/// <summary>First token of a document, and the line of its file at which it starts.</summary>
internal readonly record struct DocumentEntry(long FirstToken, long Line);

/// <summary>
/// Tokenized documents in files, of which one is read when it is asked for; memory holds no more than that. What is read is held to its
/// ranges, whatever happens to the files meanwhile. Safe to read from several threads until disposed.
/// </summary>
internal sealed class TokenCache : IReadOnlyList<Document>, IDisposable
{
    private readonly TokenCacheFiles files;
    private readonly int vocabulary;
    private readonly NumbersFile<uint> tokens;
    private readonly NumbersFile<DocumentEntry> entries;

    private TokenCache(TokenCacheFiles files, TokenCacheHeader header, int vocabulary)
    {
        (this.files, Header, this.vocabulary) = (files, header, vocabulary);
        tokens = new NumbersFile<uint>(files.Tokens);
        entries = new NumbersFile<DocumentEntry>(files.Documents);
    }

    public TokenCacheHeader Header { get; }

    public int Count => (int)Header.Documents;

    /// <exception cref="TrainingException">The files were changed after they were opened.</exception>
    public Document this[int document]
    {
        get
        {
            var pair = entries.Read(document, 2);
            var length = pair[1].FirstToken - pair[0].FirstToken;
            Demand(pair[0].FirstToken >= 0 && length is >= 1 and <= TokenCacheWriter.LongestDocument, files.Documents);
            var marked = tokens.Read(pair[0].FirstToken, (int)length);
            var read = MarkedTokens.Read(marked);
            Demand(!read.Tokens.AsSpan().ContainsAnyExceptInRange(0, vocabulary - 1), files.Tokens);
            return read;
        }
    }

    /// <summary>
    /// The cache of these sources in the first folder, made first where there is none or another; says why it is made anew, and how far it is. One
    /// that is whole in the other folder is read there; nothing is ever written there.
    /// </summary>
    /// <exception cref="TrainingException">A source cannot be read, holds a broken line that is fatal, or no document at all.</exception>
    /// <exception cref="IOException">The folder refused.</exception>
    public static TokenCache Open(
        TokenCacheFiles files, TokenCacheFiles? lent, Tokenization work, FileHashes hashes, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        string? Reason(TokenCacheFiles place, out TokenCacheHeader? header)
        {
            header = place.ReadHeader();
            return Mismatch(place, header, work, hashes)
                ?? TokenCacheCheck.Fault(place, header!, work.Tokenizer.VocabularySize, preparation, cancellation);
        }

        if (lent is not null && Reason(lent, out var theirs) is null)
        {
            return Opened(lent, theirs!, work, preparation);
        }

        if (Reason(files, out var ours) is not { } reason)
        {
            return Opened(files, ours!, work, preparation);
        }

        if (reason.Length > 0)
        {
            preparation?.Report(new Preparation($"{Shown.Text(files.Header)}: the token cache is made anew, because {reason}", null));
        }

        return new TokenCache(files, new TokenCacheWriter(files, work, preparation).Write(cancellation), work.Tokenizer.VocabularySize);
    }

    /// <summary>The file of a document and the line at which it starts.</summary>
    public (string File, long Line) Place(int document) =>
        (Header.Sources.First(source => document < source.Documents).Path, entries.Read(document, 1)[0].Line);

    public IEnumerator<Document> GetEnumerator() => Enumerable.Range(0, Count).Select(document => this[document]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        tokens.Dispose();
        entries.Dispose();
    }

    private static TokenCache Opened(TokenCacheFiles files, TokenCacheHeader header, Tokenization work, IProgress<Preparation>? preparation)
    {
        if (header.LeftOut > 0)
        {
            preparation?.Report(new Preparation($"broken lines left out: {header.LeftOut}.", null));
        }

        return new TokenCache(files, header, work.Tokenizer.VocabularySize);
    }

    /// <summary>Why a header is not of the cache that is wanted; empty where there is none yet, null where it is.</summary>
    private static string? Mismatch(TokenCacheFiles files, TokenCacheHeader? header, Tokenization work, FileHashes hashes)
    {
        if (header is null)
        {
            return File.Exists(files.Header) ? "its header cannot be read." : "";
        }

        var source = work.Source;
        return header.Version != TokenCacheHeader.Current ? $"it has format {header.Version}, and this program writes {TokenCacheHeader.Current}."
            : header.Tokenizer != work.TokenizerHash ? "it was made with another tokenizer."
            : header.Field != source.Field ? $"it holds the field \"{Shown.Text(header.Field)}\", and \"{Shown.Text(source.Field)}\" is wanted."
            : header.BrokenLines != source.BrokenLines ? $"it was made with broken lines = {header.BrokenLines}, and {source.BrokenLines} is wanted."
            : !header.IsOf(source.Files) ? "its header tells of other files."
            : header.Sources.FirstOrDefault(file => !file.IsUnchanged(hashes)) is { } changed ? $"{Shown.Text(changed.Path)} has changed since."
            : null;
    }

    private static void Demand(bool holds, string path)
    {
        if (!holds)
        {
            throw new TrainingException($"{Shown.Text(path)}: holds what no token cache does; it was changed while it was in use.");
        }
    }
}

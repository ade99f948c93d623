using A3.Runtime.Tokenizers;

namespace A3.Torch.Data;

/// <summary>Tokenized documents in the order of their files, and the token that starts every sequence. Owns its cache.</summary>
internal sealed class Corpus : IDisposable
{
    private readonly TokenCache cache;

    private Corpus(TokenCache cache, int bos) => (this.cache, Bos) = (cache, bos);

    /// <summary>The documents; one is read from the cache when it is asked for.</summary>
    public IReadOnlyList<Document> Documents => cache;

    /// <summary>The token every sequence starts with.</summary>
    public int Bos { get; }

    /// <summary>The files the documents are from, as they were when they were tokenized.</summary>
    public IReadOnlyList<SourceFile> Sources => cache.Header.Sources;

    /// <summary>Documents of files through their token cache in a folder, which is made where it is missing or stale.</summary>
    /// <param name="source">The files and how they are read.</param>
    /// <param name="folder">Where the cache lies; created where it is missing.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    /// <param name="tokenizerHash">Tells the tokenizer from others; see <see cref="TokenizerHash"/>.</param>
    /// <param name="preparation">Hears how far the work is, and remarks.</param>
    /// <param name="cancellation">Stops with <see cref="OperationCanceledException"/>.</param>
    /// <param name="hashes">Hashes of files that are known already.</param>
    /// <param name="lent">Another folder, where a cache may be read but nothing is written.</param>
    /// <exception cref="TrainingException">A file cannot be used, no file holds a document, or the tokenizer has no BOS.</exception>
    /// <exception cref="IOException">The folder refused.</exception>
    public static Corpus Open(
        DataSource source,
        string folder,
        ITokenizer tokenizer,
        string tokenizerHash,
        IProgress<Preparation>? preparation = null,
        CancellationToken cancellation = default,
        FileHashes? hashes = null,
        string? lent = null)
    {
        var bos = FirstToken.Of(tokenizer);
        TokenCacheFiles In(string place) => new(place, source, tokenizerHash);
        var cache = TokenCache.Open(
            In(folder),
            lent is null ? null : In(lent),
            new Tokenization(source, tokenizer, tokenizerHash),
            hashes ?? new FileHashes(preparation, cancellation),
            preparation,
            cancellation);
        return new Corpus(cache, bos);
    }

    /// <summary>Where a document starts, as <c>FILE, line N</c>.</summary>
    public string Place(int document)
    {
        var (file, line) = cache.Place(document);
        return $"{Shown.Text(file)}, line {line}";
    }

    public void Dispose() => cache.Dispose();
}

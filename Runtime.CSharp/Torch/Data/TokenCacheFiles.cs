using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using A3.Runtime.Checkpoints;
using A3.Runtime.Storage;

namespace A3.Torch.Data;

/// <summary>What a token cache holds and what it was made of; written last, so that a cache with one is whole.</summary>
internal sealed record TokenCacheHeader(
    int Version,
    string Tokenizer,
    string Field,
    BrokenLines BrokenLines,
    long Documents,
    long Tokens,
    long LeftOut,
    string DocumentsSha256,
    string TokensSha256,
    IReadOnlyList<SourceFile> Sources)
{
    /// <summary>The format that is written, and the only one that is read.</summary>
    public const int Current = 3;

    /// <summary>Whether it tells of these files and of a number of documents that a cache may have.</summary>
    public bool IsOf(IReadOnlyList<string> files) =>
        Sources.Select(source => source?.Path).SequenceEqual(files.Select(Path.GetFullPath))
        && Sources.Zip(Sources.Skip(1)).All(pair => pair.First.Documents <= pair.Second.Documents)
        && Sources[^1].Documents == Documents && Documents is >= 1 and < int.MaxValue && Tokens >= Documents && Tokens <= long.MaxValue / sizeof(uint);
}

/// <summary>
/// The three files of a token cache: <c>NAME.tokens</c> (<see cref="MarkedTokens"/>), <c>NAME.documents</c> (for each document its first token and
/// its line, and a last entry for the end) and the header <c>NAME.json</c>. Their name comes from the sources and the tokenizer, so
/// that runs may share a folder.
/// </summary>
internal sealed class TokenCacheFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
    };

    private readonly string stem;

    public TokenCacheFiles(string folder, DataSource source, string tokenizer)
    {
        var identity = string.Join('\n', source.Files.Select(Path.GetFullPath).Append(tokenizer));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..12];
        Folder = Path.GetFullPath(folder);
        stem = Path.Combine(Folder, $"{Path.GetFileNameWithoutExtension(source.Files[0])}-{hash}");
    }

    public string Folder { get; }

    public string Tokens => stem + ".tokens";

    public string Documents => stem + ".documents";

    public string Header => stem + ".json";

    /// <summary>Held open by the process that writes the cache.</summary>
    public string Lock => stem + ".lock";

    /// <summary>The header, or null where there is none that can be read.</summary>
    public TokenCacheHeader? ReadHeader()
    {
        try
        {
            return File.Exists(Header) ? JsonSerializer.Deserialize<TokenCacheHeader>(CheckpointFile.ReadText(Header), Json) : null;
        }
        catch (Exception error) when (error is JsonException or A3Exception)
        {
            return null;
        }
    }

    /// <exception cref="IOException">The folder refused.</exception>
    public void WriteHeader(TokenCacheHeader header) =>
        AtomicFile.Write(Header, stream => JsonSerializer.Serialize(stream, header, Json));
}

using A3.Runtime.Storage;

namespace A3.Runtime.Tokenizers;

/// <summary>What a tokenizer file was read into.</summary>
internal sealed record TokenizerParts
{
    /// <summary>The file, for complaints.</summary>
    public required string Source { get; init; }

    public required TokenTable Tokens { get; init; }

    public required BytePairModel Model { get; init; }

    public INormalizer? Normalizer { get; init; }

    public IPreTokenizer? PreTokenizer { get; init; }

    /// <summary>Tokens looked for in the text itself.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>What the files' rules put before a text: BOS as a rule.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    public int? BosId { get; init; }

    /// <summary>Each ends a text; the first is put at the end of texts.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>What stands before every text for two streams; null where the files leave it to BOS and EOS.</summary>
    public int? FirstId { get; init; }

    /// <summary>What of the files is not followed, a sentence each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    public bool AddsLeadingSpace { get; init; }

    /// <summary>The files to save, by name.</summary>
    public required IReadOnlyList<(string Name, byte[] Content)> Files { get; init; }

    /// <summary>With at least so many tokens: those that the file lacks are special and without text.</summary>
    public TokenizerParts Covering(int vocabulary) =>
        vocabulary <= Tokens.Count ? this : this with { Tokens = Tokens.Extended(vocabulary), Unnamed = vocabulary - Tokens.Count };

    /// <summary>How many tokens at the end the file does not know.</summary>
    public int Unnamed { get; private init; }
}

/// <summary>Byte-pair encoding as files describe it: added tokens, normalizer, pre-tokenizer, merges, token bytes.</summary>
internal sealed class BytePairTokenizer(TokenizerParts parts) : ITokenizer
{
    private readonly AddedTokenSearch allTokens = new(parts.Added);
    private readonly AddedTokenSearch textTokens = new(parts.Added.Where(token => !token.Special));

    public int VocabularySize => parts.Tokens.Count;

    public int? BosId => parts.BosId;

    public int? EosId => parts.EosIds.Count > 0 ? parts.EosIds[0] : null;

    public IReadOnlyList<int> EosIds => parts.EosIds;

    public IReadOnlyList<int> Prefix => parts.Prefix;

    public int? FirstId => parts.FirstId ?? BosId ?? EosId;

    public bool AddsLeadingSpace => parts.AddsLeadingSpace;

    public bool AttachesSpaces { get; } = parts.Tokens.AttachesSpaces();

    /// <summary>How many tokens its file knows; a network may have more.</summary>
    public int FileSize => parts.Tokens.Count - parts.Unnamed;

    /// <summary>What of its files is not followed, a sentence each.</summary>
    public IReadOnlyList<string> Notices => parts.Notices;

    /// <summary>The kind of vocabulary, in words.</summary>
    public string Kind => parts.Model.StartsFromBytes ? "byte-level BPE" : "BPE over characters, with bytes as fallback";

    public int[] Encode(string text, bool addBos, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(WellFormed.Text(text), addBos ? Beginning() : [], continuation: false, parseSpecial);
    }

    public int[] EncodeContinuation(string text, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(WellFormed.Text(text), [], continuation: true, parseSpecial);
    }

    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = DecodeContinuation(ids);
        return AddsLeadingSpace && text.StartsWith(' ') ? text[1..] : text;
    }

    public string DecodeContinuation(ReadOnlySpan<int> ids) => parts.Tokens.Text(ids);

    public ReadOnlyMemory<byte> TokenBytes(int id) => parts.Tokens.Bytes(id);

    public string TokenText(int id) => parts.Tokens.Shown(id);

    public bool IsSpecial(int id) => parts.Tokens.IsSpecial(id);

    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, content) in parts.Files)
        {
            AtomicFile.Write(Path.Combine(directory, name), stream => stream.Write(content));
        }

        // Another tokenizer's files, which Load would read instead of these or beside them.
        foreach (var name in (string[])[HuggingFaceReader.FileName, CompanionFiles.TokenizerConfig])
        {
            if (!parts.Files.Any(file => file.Name == name))
            {
                File.Delete(Path.Combine(directory, name));
            }
        }
    }

    private IReadOnlyList<int> Beginning() =>
        Prefix.Count > 0 ? Prefix
        : BosId is { } bos ? [bos]
        : throw new TokenizerException(
            parts.Source, "", "names no BOS token; encode without BOS or name one in tokenizer_config.json (bos_token).");

    private int[] Encode(string text, IReadOnlyList<int> prefix, bool continuation, bool parseSpecial)
    {
        var ids = new List<int>(prefix);
        var first = true;
        var search = parseSpecial ? allTokens : textTokens;
        try
        {
            foreach (var (part, token) in search.Raw.Split(text))
            {
                if (token is null)
                {
                    var normalized = parts.Normalizer?.Apply(part, continuation) ?? part;
                    EncodePart(normalized, new Placement(first, continuation), search.Normalized, ids);
                }
                else
                {
                    ids.Add(token.Id);
                }

                first = false;
            }
        }
        catch (InexpressibleException error)
        {
            throw new TokenizerException(
                parts.Source, "", $"no token stands for {error.Message} of the text, and there is no unknown token.", error);
        }

        return [.. ids];
    }

    private void EncodePart(string part, Placement placement, AddedTokens normalized, List<int> ids)
    {
        foreach (var (piece, token) in normalized.Split(part))
        {
            if (token is null)
            {
                EncodePiece(piece.AsMemory(), placement, ids);
            }
            else
            {
                ids.Add(token.Id);
            }

            placement = placement with { First = false };
        }
    }

    private void EncodePiece(ReadOnlyMemory<char> piece, Placement placement, List<int> ids)
    {
        if (parts.PreTokenizer is null)
        {
            parts.Model.Encode(piece.Span, ids);
            return;
        }

        var words = new List<ReadOnlyMemory<char>>();
        parts.PreTokenizer.Split(piece, placement, words);
        foreach (var word in words)
        {
            parts.Model.Encode(word.Span, ids);
        }
    }
}

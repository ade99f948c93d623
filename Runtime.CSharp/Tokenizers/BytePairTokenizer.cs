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

    /// <summary>Added tokens looked for in the text as it is.</summary>
    public required AddedTokens Raw { get; init; }

    /// <summary>Added tokens looked for after normalization.</summary>
    public required AddedTokens Normalized { get; init; }

    /// <summary>What stands before every text: BOS, where the file says so.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    public int? BosId { get; init; }

    public int? EosId { get; init; }

    public bool AddsLeadingSpace { get; init; }

    /// <summary>The files to save, by name.</summary>
    public required IReadOnlyList<(string Name, byte[] Content)> Files { get; init; }
}

/// <summary>Byte-pair encoding as files describe it: added tokens, normalizer, pre-tokenizer, merges, token bytes.</summary>
internal sealed class BytePairTokenizer(TokenizerParts parts) : ITokenizer
{
    public int VocabularySize => parts.Tokens.Count;

    public int? BosId => parts.BosId;

    public int? EosId => parts.EosId;

    public bool AddsLeadingSpace => parts.AddsLeadingSpace;

    /// <summary>The kind of vocabulary, in words.</summary>
    public string Kind => parts.Model.StartsFromBytes ? "byte-level BPE" : "BPE over characters, with bytes as fallback";

    public int[] Encode(string text, bool addBos)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (addBos && parts.Prefix.Count == 0)
        {
            throw new TokenizerException(
                parts.Source, "", "names no BOS token; encode without BOS or name one in tokenizer_config.json (bos_token).");
        }

        return Encode(text, addBos ? parts.Prefix : [], continuation: false);
    }

    public int[] EncodeContinuation(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text, [], continuation: true);
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

    private int[] Encode(string text, IReadOnlyList<int> prefix, bool continuation)
    {
        var ids = new List<int>(prefix);
        var first = true;
        try
        {
            foreach (var (part, token) in parts.Raw.Split(text))
            {
                if (token is null)
                {
                    EncodePart(parts.Normalizer?.Apply(part, continuation) ?? part, new Placement(first, continuation), ids);
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

    private void EncodePart(string part, Placement placement, List<int> ids)
    {
        foreach (var (piece, token) in parts.Normalized.Split(part))
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

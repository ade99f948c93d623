namespace A3.Runtime.Tokenizers;

/// <summary>What the files beside a tokenizer say about BOS and EOS.</summary>
internal static class CompanionFiles
{
    public const string TokenizerConfig = "tokenizer_config.json";
    private const string ModelConfig = "config.json";

    /// <summary>
    /// Fills in BOS and EOS where the tokenizer file names none, and takes <c>tokenizer_config.json</c> among the files to save.
    /// </summary>
    /// <exception cref="TokenizerException">A file names a token that the vocabulary lacks, or is no JSON.</exception>
    public static TokenizerParts Complete(TokenizerParts parts, string directory)
    {
        var tokenizer = Read(Path.Combine(directory, TokenizerConfig));
        var model = Read(Path.Combine(directory, ModelConfig));
        var bos = parts.BosId
            ?? Named(tokenizer?.Place["bos_token"], parts)
            ?? Numbered(model?.Place["bos_token_id"], parts);
        var eos = parts.EosId
            ?? Named(tokenizer?.Place["eos_token"], parts)
            ?? Numbered(model?.Place["eos_token_id"], parts);
        return parts with
        {
            BosId = bos,
            EosId = eos,
            Prefix = parts.Prefix.Count == 0 && bos is { } id ? [id] : parts.Prefix,
            Files = tokenizer is { } file ? [.. parts.Files, (TokenizerConfig, file.Content)] : parts.Files,
        };
    }

    private static (JsonPlace Place, byte[] Content)? Read(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var content = TokenizerFile.Read(file);
        return (JsonPlace.Parse(file, content), content);
    }

    /// <summary>A token by its text, written as a string or as an object with <c>content</c>.</summary>
    private static int? Named(JsonPlace? place, TokenizerParts parts)
    {
        if (place is not { Missing: false } found)
        {
            return null;
        }

        var content = found.IsObject ? found["content"] : found;
        return parts.Tokens.Find(content.Text())
            ?? throw content.Fail($"\"{content.Text()}\" is no token of {parts.Source}.");
    }

    /// <summary>A token by its id, written as a number or as a list of which the first counts.</summary>
    private static int? Numbered(JsonPlace? place, TokenizerParts parts)
    {
        if (place is not { Missing: false } found)
        {
            return null;
        }

        if (found.IsArray)
        {
            return found.Items().Select(item => Numbered(item, parts)).FirstOrDefault();
        }

        var id = found.Id();
        return id < parts.Tokens.Count
            ? id
            : throw found.Fail($"id {id}, but {parts.Source} holds only 0..{parts.Tokens.Count - 1}.");
    }
}

namespace A3.Runtime.Tokenizers;

/// <summary>What the files beside a tokenizer say about the tokens that begin and end a text.</summary>
internal static class CompanionFiles
{
    public const string TokenizerConfig = "tokenizer_config.json";
    private const string ModelConfig = "config.json";
    private const string GenerationConfig = "generation_config.json";
    private const string FirstToken = "a3_first_token";

    /// <summary>
    /// Takes BOS from the first file that names one, EOS from all of them; <c>add_bos_token</c> decides whether BOS stands before a
    /// text, else the tokenizer file does. <c>tokenizer_config.json</c> becomes one of the files to save.
    /// </summary>
    /// <exception cref="TokenizerException">A file names a token that the vocabulary lacks, or is no JSON.</exception>
    public static TokenizerParts Complete(TokenizerParts parts, string directory)
    {
        var tokenizer = LegacyFiles.Read(directory, TokenizerConfig);
        var model = LegacyFiles.Read(directory, ModelConfig);
        var generation = LegacyFiles.Read(directory, GenerationConfig);
        var special = parts.Files.Any(file => file.Name == LegacyFiles.SpecialTokens) ? LegacyFiles.Read(directory, LegacyFiles.SpecialTokens) : null;
        var marks = new SpecialTokenReader(parts);
        int?[] bos =
        [
            parts.BosId,
            marks.Named(tokenizer?.Place["bos_token"]),
            marks.Named(special?.Place["bos_token"]),
            .. marks.Numbered(model?.Place["bos_token_id"]).Cast<int?>(),
            .. marks.Numbered(generation?.Place["bos_token_id"]).Cast<int?>(),
        ];
        int?[] eos =
        [
            .. parts.EosIds.Cast<int?>(),
            marks.Named(tokenizer?.Place["eos_token"]),
            marks.Named(special?.Place["eos_token"]),
            .. marks.Numbered(model?.Place["eos_token_id"]).Cast<int?>(),
            .. marks.Numbered(generation?.Place["eos_token_id"]).Cast<int?>(),
        ];
        var named = parts with
        {
            BosId = bos.FirstOrDefault(id => id is not null),
            EosIds = [.. eos.OfType<int>().Distinct()],
            FirstId = marks.Only(model?.Place[FirstToken]),
            Files = tokenizer is { } file ? [.. parts.Files, (TokenizerConfig, file.Content)] : parts.Files,
        };
        return marks.Apply(named with { Prefix = Prefix(named, tokenizer?.Place["add_bos_token"], marks) });
    }

    private static IReadOnlyList<int> Prefix(TokenizerParts parts, JsonPlace? adds, SpecialTokenReader marks)
    {
        if (adds is not { Missing: false } place)
        {
            return parts.Prefix;
        }

        if (!place.Flag(missing: false))
        {
            return [];
        }

        if (parts.Prefix.Count == 0 && parts.BosId is null)
        {
            marks.Notice(place, "is true, but no file names a BOS token; texts begin without one.");
        }

        return parts.Prefix.Count == 0 && parts.BosId is { } bos ? [bos] : parts.Prefix;
    }
}

using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>
/// What Hugging Face's older layout keeps beside a <c>tokenizer.model</c>: the tokens that were added to it (<c>added_tokens.json</c>, ids by
/// text) and which tokens are special (<c>special_tokens_map.json</c>). A <c>tokenizer.json</c> says both itself.
/// </summary>
internal static class LegacyFiles
{
    public const string AddedTokens = "added_tokens.json";
    public const string SpecialTokens = "special_tokens_map.json";

    private const int Longest = 1000;

    /// <summary>The tokenizer with these tokens, and with the files among those to save.</summary>
    /// <exception cref="TokenizerException">A file is no JSON, or gives a token an id that another has.</exception>
    public static TokenizerParts Complete(TokenizerParts parts, string directory)
    {
        var special = Read(directory, SpecialTokens);
        var names = special is { } map ? Names(map.Place).ToHashSet(StringComparer.Ordinal) : [];
        parts = special is { } file ? parts with { Files = [.. parts.Files, (SpecialTokens, file.Content)] } : parts;
        if (Read(directory, AddedTokens) is not { } found)
        {
            return parts;
        }

        var added = Added(parts, found.Place, names);
        return parts with
        {
            Tokens = Extended(parts.Tokens, added),
            Added = [.. parts.Added, .. added],
            Files = [.. parts.Files, (AddedTokens, found.Content)],
        };
    }

    /// <summary>A file of a directory; null where there is none.</summary>
    public static (JsonPlace Place, byte[] Content)? Read(string directory, string name)
    {
        var file = Path.Combine(directory, name);
        if (!File.Exists(file))
        {
            return null;
        }

        var content = TokenizerFile.Read(file);
        return (JsonPlace.Parse(file, content), content);
    }

    /// <summary>The texts of a map of special tokens: strings, objects with <c>content</c>, and lists of them.</summary>
    private static IEnumerable<string> Names(JsonPlace map) =>
        map.Properties()
            .SelectMany(entry => entry.Value.IsArray ? entry.Value.Items() : [entry.Value])
            .Where(value => !value.Missing)
            .Select(value => (value.IsObject ? value["content"] : value).Text());

    private static List<AddedToken> Added(TokenizerParts parts, JsonPlace file, HashSet<string> special)
    {
        var (tokens, owners) = (new List<AddedToken>(), new Dictionary<int, string>());
        foreach (var (content, place) in file.Properties())
        {
            var (id, shown) = (place.Id(), Shown.Text(content, 60));
            if (content.Length is 0 or > Longest)
            {
                throw place.Fail($"has {content.Length} characters; an added token has 1 to {Longest}.");
            }

            if (!owners.TryAdd(id, content))
            {
                throw place.Fail($"id {id} belongs to \"{Shown.Text(owners[id], 60)}\" already.");
            }

            int?[] known = [parts.Tokens.Special(content), .. parts.Tokens.Spelled(Encoding.UTF8.GetBytes(content)).Cast<int?>()];
            if (id < parts.Tokens.Count && !known.Contains(id))
            {
                throw place.Fail($"id {id} belongs to \"{Shown.Text(parts.Tokens.Shown(id), 60)}\" already.");
            }

            if (id >= parts.Tokens.Count)
            {
                tokens.Add(new(
                    content, content, id, special.Contains(content), Normalized: false, SingleWord: false, StripLeft: false, StripRight: false));
            }
        }

        return tokens;
    }

    private static TokenTable Extended(TokenTable tokens, List<AddedToken> added)
    {
        var extended = tokens.Extended(Math.Max(tokens.Count, added.Select(token => token.Id + 1).DefaultIfEmpty().Max()));
        foreach (var token in added)
        {
            if (token.Special)
            {
                extended.SetSpecial(token.Id, token.Content);
            }
            else
            {
                extended.SetText(token.Id, Encoding.UTF8.GetBytes(token.Content));
            }
        }

        return extended;
    }
}

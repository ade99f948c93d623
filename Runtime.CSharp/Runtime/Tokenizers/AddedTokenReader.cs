namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>added_tokens</c>.</summary>
internal static class AddedTokenReader
{
    private const int Longest = 1000;

    public static List<AddedToken> Read(
        JsonPlace place, IReadOnlyDictionary<string, int> vocabulary, INormalizer? normalizer)
    {
        var tokens = new List<AddedToken>();
        var taken = vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        var contents = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in place.Missing ? [] : place.Items())
        {
            var (content, id) = (item["content"].Text(), item["id"].Id());
            var shown = Shown.Text(content, 60);
            if (content.Length is 0 or > Longest)
            {
                throw item["content"].Fail($"has {content.Length} characters; an added token has 1 to {Longest}.");
            }

            if (!contents.Add(content))
            {
                throw item["content"].Fail($"\"{shown}\" is added twice.");
            }

            if (vocabulary.TryGetValue(content, out var known) && known != id)
            {
                throw item["id"].Fail($"id {id} for \"{shown}\", but model.vocab gives it {known}.");
            }

            if (taken.TryGetValue(id, out var owner) && owner != content)
            {
                throw item["id"].Fail($"id {id} belongs to \"{Shown.Text(owner, 60)}\" already.");
            }

            taken[id] = content;
            tokens.Add(Token(item, content, id, normalizer));
        }

        return tokens;
    }

    private static AddedToken Token(JsonPlace item, string content, int id, INormalizer? normalizer)
    {
        var special = item["special"].Flag(missing: false);
        var normalized = item["normalized"].Flag(missing: !special);
        return new AddedToken(
            content,
            normalized && normalizer is not null ? normalizer.Apply(content, continuation: false) : content,
            id,
            special,
            normalized,
            item["single_word"].Flag(missing: false),
            item["lstrip"].Flag(missing: false),
            item["rstrip"].Flag(missing: false));
    }
}

using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>
/// Finds the tokens that files name as marks: those that begin or end a text, and are none of it. A special token is one, and an added
/// token or an entry that no text is spelt with becomes one; a word cannot be one, for then every text would end at it.
/// </summary>
internal sealed class SpecialTokenReader(TokenizerParts parts)
{
    private readonly HashSet<int> marks = [];
    private readonly List<string> notices = [];

    /// <summary>A token by its text, written as a string or as an object with <c>content</c>; null where it is a word.</summary>
    /// <exception cref="TokenizerException">There is no such token, or the value is of another kind.</exception>
    public int? Named(JsonPlace? place)
    {
        if (place is not { Missing: false } found)
        {
            return null;
        }

        var content = found.IsObject ? found["content"] : found;
        var name = content.Text();
        if (parts.Tokens.Special(name) is { } special)
        {
            return special;
        }

        int[] spelled = [.. parts.Tokens.Spelled(Encoding.UTF8.GetBytes(name))];
        return spelled.Length == 0 ? throw content.Fail($"\"{Shown.Text(name)}\" is no token of {parts.Source}.")
            : spelled.Where(IsMark).Cast<int?>().FirstOrDefault() is { } mark ? Marked(mark)
            : Word(content, spelled[^1]);
    }

    /// <summary>Tokens by their ids, written as a number or as a list of numbers; words and ids that are no tokens are left out.</summary>
    /// <exception cref="TokenizerException">The value is of another kind.</exception>
    public IEnumerable<int> Numbered(JsonPlace? place) =>
        place is not { Missing: false } found ? []
        : found.IsArray ? [.. found.Items().Select(Mark).OfType<int>()]
        : Mark(found) is { } id ? [id]
        : [];

    /// <summary>The one token of a key of our own, which must be a mark.</summary>
    /// <exception cref="TokenizerException">It is none.</exception>
    public int? Only(JsonPlace? place) =>
        place is not { Missing: false } found ? null
        : found.Id() < parts.Tokens.Count && IsMark(found.Id()) ? Marked(found.Id())
        : throw found.Fail($"id {found.Id()} is no special token of {parts.Source}; a text begins with one.");

    /// <summary>Adds a sentence about a value that is not followed.</summary>
    public void Notice(JsonPlace place, string sentence) => notices.Add(place.Fail(sentence).Message);

    /// <summary>The tokenizer in which the tokens found are special.</summary>
    public TokenizerParts Apply(TokenizerParts given)
    {
        foreach (var id in marks)
        {
            given.Tokens.SetSpecial(id, given.Tokens.Shown(id));
        }

        return given with
        {
            Added = [.. given.Added.Select(token => marks.Contains(token.Id) ? token with { Special = true } : token)],
            Notices = [.. given.Notices, .. notices],
        };
    }

    private int? Mark(JsonPlace place)
    {
        var id = place.Id();
        if (id >= parts.Tokens.Count)
        {
            Notice(place, $"id {id} is not used: {parts.Source} holds only 0..{parts.Tokens.Count - 1}.");
            return null;
        }

        return IsMark(id) ? Marked(id) : Word(place, id);
    }

    private bool IsMark(int id) => parts.Tokens.IsSpecial(id) || !parts.Model.Spells(id);

    private int Marked(int id)
    {
        if (!parts.Tokens.IsSpecial(id))
        {
            marks.Add(id);
        }

        return id;
    }

    private int? Word(JsonPlace place, int id)
    {
        Notice(place, $"is not followed: token {id}, \"{Shown.Text(parts.Tokens.Shown(id))}\", is a word of texts; name a special token.");
        return null;
    }
}

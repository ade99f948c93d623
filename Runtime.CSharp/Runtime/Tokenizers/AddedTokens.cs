using System.Buffers;
using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>A token outside the merges that is recognised in the text itself.</summary>
/// <param name="Content">What it looks like.</param>
/// <param name="Pattern">What is looked for: the content, normalized where the text is.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Whether it is a mark and no text.</param>
/// <param name="Normalized">Whether it is looked for after normalization.</param>
/// <param name="SingleWord">Whether letters or digits around it forbid it.</param>
/// <param name="StripLeft">Whether it swallows white space before it.</param>
/// <param name="StripRight">Whether it swallows white space after it.</param>
internal sealed record AddedToken(
    string Content,
    string Pattern,
    int Id,
    bool Special,
    bool Normalized,
    bool SingleWord,
    bool StripLeft,
    bool StripRight);

/// <summary>Added tokens that are looked for in the text as it is, and after normalization.</summary>
internal sealed class AddedTokenSearch(IEnumerable<AddedToken> tokens)
{
    public AddedTokens Raw { get; } = new(tokens.Where(token => !token.Normalized));

    public AddedTokens Normalized { get; } = new(tokens.Where(token => token.Normalized));
}

/// <summary>Finds added tokens in a text: leftmost first, the longest at each place, as Hugging Face does.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<char> _firsts;
    private readonly AddedToken[] _sorted;

    public AddedTokens(IEnumerable<AddedToken> tokens)
    {
        // A normalizer may leave nothing of a token; that one is never met in a text.
        _sorted = [.. tokens.Where(token => token.Pattern.Length > 0).OrderBy(token => token.Pattern, StringComparer.Ordinal)];
        _firsts = SearchValues.Create([.. _sorted.Select(token => token.Pattern[0]).Distinct()]);
    }

    /// <summary>The stretches of a text in order, with the token of those that are one.</summary>
    public List<(string Text, AddedToken? Token)> Split(string text)
    {
        var parts = new List<(string, AddedToken?)>();
        var done = 0;
        for (var at = 0; TryFind(text, ref at, out var token);)
        {
            var end = at + token.Pattern.Length;
            if (token.SingleWord && (EndsInWord(text.AsSpan(0, at)) || StartsWithWord(text.AsSpan(end))))
            {
                at = end;
                continue;
            }

            var from = token.StripLeft ? Math.Max(done, text.AsSpan(0, at).TrimEnd().Length) : at;
            end = token.StripRight ? text.Length - text.AsSpan(end).TrimStart().Length : end;
            if (from > done)
            {
                parts.Add((text[done..from], null));
            }

            parts.Add((text[from..end], token));
            done = at = end;
        }

        if (done < text.Length)
        {
            parts.Add((text[done..], null));
        }

        return parts;
    }

    private bool TryFind(string text, ref int at, out AddedToken token)
    {
        for (; at < text.Length; at++)
        {
            var offset = text.AsSpan(at).IndexOfAny(_firsts);
            if (offset < 0)
            {
                break;
            }

            at += offset;
            if (Longest(text.AsSpan(at)) is { } found)
            {
                token = found;
                return true;
            }
        }

        token = null!;
        return false;
    }

    /// <summary>The longest token that a text begins with: the sorted ones that agree are narrowed down unit by unit.</summary>
    private AddedToken? Longest(ReadOnlySpan<char> text)
    {
        AddedToken? longest = null;
        var (first, end) = (0, _sorted.Length);
        for (var place = 0; place < text.Length; place++)
        {
            (first, end) = (Bound(first, end, place, text[place]), Bound(first, end, place, text[place] + 1));
            if (first == end)
            {
                break;
            }

            longest = _sorted[first].Pattern.Length == place + 1 ? _sorted[first] : longest;
        }

        return longest;
    }

    /// <summary>Of tokens alike before a place, the first whose unit there is not below a bound; those that end there come first.</summary>
    private int Bound(int first, int end, int place, int bound)
    {
        while (first < end)
        {
            var middle = first + ((end - first) / 2);
            var pattern = _sorted[middle].Pattern;
            if (place >= pattern.Length || pattern[place] < bound)
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return first;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text)
        => Rune.DecodeLastFromUtf16(text, out var last, out _) == OperationStatus.Done && IsWord(last);

    private static bool StartsWithWord(ReadOnlySpan<char> text)
        => Rune.DecodeFromUtf16(text, out var first, out _) == OperationStatus.Done && IsWord(first);

    private static bool IsWord(Rune character) => Rune.IsLetterOrDigit(character) || character.Value == '_';
}

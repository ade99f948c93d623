using System.Collections.Immutable;
using System.Text;

namespace A3.Runtime;

/// <summary>
/// Lays out a text of which parts are scored: its tokens are those of the whole text, and one that holds a byte at the border of a part is
/// opened by the same rule as in a template.
/// </summary>
internal sealed class MarkedLayout
{
    private readonly Vocabulary vocabulary;
    private readonly BorderRule rule;
    private readonly SpeltText spelt;
    private readonly byte[] bytes;
    private readonly List<TextGap> gaps = [];
    private readonly List<Border> borders = [];

    private MarkedLayout(Vocabulary vocabulary, SpeltText spelt, string text)
    {
        (this.vocabulary, this.spelt) = (vocabulary, spelt);
        rule = new(vocabulary);
        bytes = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The first position that no part has taken yet.</summary>
    private int Free => gaps.Count == 0 ? spelt.FirstText : gaps[^1].End;

    /// <summary>The layout of a text; without marked parts everything behind the first token is scored.</summary>
    /// <param name="text">The text.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="firstTokens">What stands before it.</param>
    /// <param name="end">The token that ends it, to be scored as well; null for none.</param>
    /// <exception cref="A3Exception">There is nothing to score, or marks do not lie between bytes of tokens.</exception>
    public static TextLayout Of(MarkedText text, Vocabulary vocabulary, ImmutableArray<int> firstTokens, int? end)
    {
        var spelt = SpeltText.Of(text.Text, vocabulary, firstTokens);
        var layout = new MarkedLayout(vocabulary, spelt, text.Text);
        var first = Math.Max(1, spelt.FirstText);

        if (text.HasTargets)
        {
            layout.AddParts(text);
        }
        else if (spelt.Tokens.Length > first)
        {
            layout.gaps.Add(new(first, first, spelt.Tokens.Length - first, spelt.Tokens.Length));
        }

        ImmutableArray<int> tokens = end is int id ? [.. spelt.Tokens, id] : spelt.Tokens;

        if (end is not null)
        {
            layout.gaps.Add(new(tokens.Length - 1, tokens.Length - 1, 1, tokens.Length));
        }

        return layout.gaps.Count > 0
            ? new(tokens, [.. layout.gaps], [.. layout.borders]) { FirstText = spelt.FirstText }
            : throw new A3Exception(spelt.Tokens.Length == spelt.FirstText
                ? "the text is empty; there is nothing to score."
                : "the text has one token, which is given, since nothing stands before it: there is nothing to score; give a longer text.");
    }

    private void AddParts(MarkedText text)
    {
        if (!spelt.IsAligned)
        {
            throw new A3Exception(
                "the tokenizer of this model changes the text, so that a part of it is no part of its tokens; score the whole text.");
        }

        var at = 0;

        for (var i = 0; i < text.Parts.Length; i++)
        {
            var end = at + Encoding.UTF8.GetByteCount(text.Parts[i].Text);

            if (text.Parts[i].IsTarget)
            {
                var given = i + 1 < text.Parts.Length ? Encoding.UTF8.GetByteCount(text.Parts[i + 1].Text) : 0;
                Add(at, end, end + given);
            }

            at = end;
        }
    }

    /// <summary>The part of the bytes from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="end">The first of the given bytes behind it.</param>
    /// <param name="next">The first byte behind these.</param>
    private void Add(int start, int end, int next)
    {
        var (first, last) = (spelt.Holding(start), spelt.Holding(end - 1));

        if (gaps.Count > 0 && first < Free)
        {
            // The part before ends in the token in which this one begins: they are one.
            borders.RemoveAll(border => border.Position >= first && border.Side == BorderSide.Behind);
            var (until, close) = Behind(end, next, last);
            gaps[^1] = gaps[^1] with { Length = Math.Max(0, until - gaps[^1].Start), End = close };
            return;
        }

        var (open, own) = Before(start, first);
        var (ownEnd, behind) = Behind(end, next, last);
        gaps.Add(new(open, own, Math.Max(0, ownEnd - own), behind));
    }

    /// <summary>
    /// The first position that a part opens or holds, and the first that is its own, with the border of given bytes, if there is one.
    /// </summary>
    private (int First, int Own) Before(int start, int first)
    {
        var from = spelt.Starts[first];

        if (from < start)
        {
            // Of the token, which may begin with the space that the tokenizer puts before a text.
            borders.Add(new(first, BorderSide.Before, [.. vocabulary.Bytes(spelt.Tokens[first])[..^(spelt.Starts[first + 1] - start)]]));
            return (first, IsSpaceAlone(from, start) ? first : first + 1);
        }

        var given = first - 1;

        if (given < Math.Max(Free, Math.Max(1, spelt.FirstText)))
        {
            return (first, first);
        }

        if (vocabulary.Tokenizer.AttachesSpaces && bytes[start - 1] == ' ')
        {
            return IsSpaceAlone(spelt.Starts[given], start) ? Open(given, BorderSide.Before, [(byte)' '], given) : (first, first);
        }

        return rule.Before(spelt.Tokens.AsSpan()[Free..first], 0, Free == spelt.FirstText, null) is { Tokens: 1 } opening
            ? Open(given, BorderSide.Before, opening.Bytes, first)
            : (first, first);
    }

    /// <summary>
    /// The first position behind those that are a part's own, and behind those that it opens, with the border of given bytes, if there is one.
    /// </summary>
    private (int OwnEnd, int End) Behind(int end, int next, int last)
    {
        var to = spelt.Starts[last + 1];

        if (to > end)
        {
            borders.Add(new(last, BorderSide.Behind, [.. bytes[end..to]]));
            return (last, last + 1);
        }

        var given = last + 1;

        while (given < spelt.Tokens.Length && spelt.Starts[given + 1] <= next)
        {
            given++;
        }

        var tokens = spelt.Tokens.AsSpan()[(last + 1)..given];

        if (rule.Behind(tokens, null) is not { Tokens: 1 } opening)
        {
            return (last + 1, last + 1);
        }

        borders.Add(new(last + 1, BorderSide.Behind, opening.Bytes));
        return (last + 1, last + 2);
    }

    private (int First, int Own) Open(int position, BorderSide side, ImmutableArray<byte> given, int own)
    {
        borders.Add(new(position, side, given));
        return (position, own);
    }

    private bool IsSpaceAlone(int from, int to) => vocabulary.Tokenizer.AttachesSpaces && to == from + 1 && bytes[from] == ' ';
}

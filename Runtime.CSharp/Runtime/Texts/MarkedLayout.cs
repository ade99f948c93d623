using System.Collections.Immutable;
using System.Text;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>
/// Lays out a text of which parts are scored: its tokens are those of the whole text (law 14). A token that holds bytes of a part is scored; one
/// that holds given bytes beside them is opened: it is scored among the tokens that agree with these.
/// </summary>
internal sealed class MarkedLayout
{
    private readonly Vocabulary vocabulary;
    private readonly SpeltText spelt;
    private readonly List<TextGap> gaps = [];
    private readonly List<Border> borders = [];

    private MarkedLayout(Vocabulary vocabulary, SpeltText spelt) => (this.vocabulary, this.spelt) = (vocabulary, spelt);

    /// <summary>The layout of a text; without marked parts everything behind the first token is scored.</summary>
    /// <param name="text">The text.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="firstTokens">What stands before it.</param>
    /// <param name="end">The token that ends it, to be scored as well; null for none.</param>
    /// <exception cref="A3Exception">There is nothing to score, or marks do not lie between bytes of tokens.</exception>
    public static TextLayout Of(MarkedText text, Vocabulary vocabulary, ImmutableArray<int> firstTokens, int? end)
    {
        var spelt = SpeltText.Of(text.Text, vocabulary, firstTokens);
        var layout = new MarkedLayout(vocabulary, spelt);
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
            : throw new RequestException(spelt.Tokens.Length == spelt.FirstText
                ? "the text is empty; there is nothing to score."
                : "the text has one token, which is given, since nothing stands before it: there is nothing to score; give a longer text.");
    }

    private void AddParts(MarkedText text)
    {
        if (!spelt.IsAligned)
        {
            throw new RequestException(
                "the tokenizer of this model changes the text, so that a part of it is no part of its tokens; score the whole text.");
        }

        var at = 0;

        foreach (var part in text.Parts)
        {
            var end = at + Encoding.UTF8.GetByteCount(part.Text);

            if (part.IsTarget)
            {
                Add(at, end);
            }

            at = end;
        }
    }

    /// <summary>The part of the bytes from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    private void Add(int start, int end)
    {
        var (first, last) = (spelt.Holding(start), spelt.Holding(end - 1));

        if (gaps.Count > 0 && first < gaps[^1].End)
        {
            // The part before ends in the token in which this one begins: they are one.
            borders.RemoveAll(border => border.Position == first && border.Side == BorderSide.Behind);
            first = gaps[^1].First;
            gaps.RemoveAt(gaps.Count - 1);
        }
        else
        {
            AddBorder(first, BorderSide.Before, start - spelt.Starts[first]);
        }

        AddBorder(last, BorderSide.Behind, spelt.Starts[last + 1] - end);
        gaps.Add(new(first, first, last + 1 - first, last + 1));
    }

    /// <summary>So many bytes of a token are given, if there are any.</summary>
    private void AddBorder(int position, BorderSide side, int given)
    {
        if (given > 0)
        {
            // The token may begin with the space that the tokenizer puts before a text, which is given as well.
            var token = vocabulary.Bytes(spelt.Tokens[position]);
            var own = spelt.Starts[position + 1] - spelt.Starts[position] - given;
            borders.Add(new(position, side, [.. side == BorderSide.Before ? token[..^own] : token[^given..]]));
        }
    }
}

using System.Collections.Immutable;
using System.Text;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

using A3.Model;

/// <summary>A template with texts in its gaps, as the tokens of the whole.</summary>
internal sealed class AlternativeText
{
    private readonly SpeltText spelt;
    private readonly int bytes;

    /// <summary>By position: the given text that holds its token whole, and where in it; null where a gap has a part of it.</summary>
    private readonly (int Given, int Start, int End)?[] places;

    /// <summary>The first and the last byte of each given text, and behind it.</summary>
    private readonly (int Start, int End)[] spans;

    public AlternativeText(
        Vocabulary vocabulary, ImmutableArray<int> firstTokens, ImmutableArray<string> givens, ImmutableArray<string> texts)
    {
        var text = new StringBuilder();
        var at = 0;
        spans = new (int, int)[givens.Length];

        for (var i = 0; i < givens.Length; i++)
        {
            var length = Encoding.UTF8.GetByteCount(givens[i]);
            spans[i] = (at, at + length);
            at += length + (i < texts.Length ? Encoding.UTF8.GetByteCount(texts[i]) : 0);
            text.Append(givens[i]).Append(i < texts.Length ? texts[i] : "");
        }

        bytes = texts.Sum(Encoding.UTF8.GetByteCount);
        spelt = SpeltText.Of(text.ToString(), vocabulary, firstTokens);

        if (!spelt.IsAligned)
        {
            throw new RequestException("the tokenizer of this model changes the text, so that what stands in a gap is no part of its tokens.");
        }

        places = [.. Enumerable.Range(0, spelt.Tokens.Length).Select(Place)];
    }

    /// <summary>The given tokens that all have alike.</summary>
    public static HashSet<(int Given, int Start, int End)> Common(IEnumerable<AlternativeText> texts) => texts
        .Select(text => text.places.OfType<(int Given, int Start, int End)>().ToHashSet())
        .Aggregate((all, next) =>
        {
            all.IntersectWith(next);
            return all;
        });

    /// <summary>The layout in which some tokens are given, and its partition; null where all are.</summary>
    public (TextLayout Layout, Partition Partition)? LayOut(IReadOnlySet<(int Given, int Start, int End)> known, Grouping grouping)
    {
        HashSet<int> targets =
        [
            .. Enumerable.Range(spelt.FirstText, spelt.Tokens.Length - spelt.FirstText)
                .Where(position => places[position] is not { } place || !known.Contains(place)),
        ];

        if (targets.Count == 0)
        {
            return null;
        }

        var layout = TextLayout.Of(spelt.Tokens, targets.Contains, [], spelt.FirstText) with { Bytes = bytes };
        return (layout, layout.OpenedFirst(grouping));
    }

    private (int Given, int Start, int End)? Place(int position)
    {
        var (start, end) = (spelt.Starts[position], spelt.Starts[position + 1]);
        var holder = position < spelt.FirstText ? -1 : Array.FindIndex(spans, span => span.Start <= start && end <= span.End);
        return holder < 0 || start == end ? null : (holder, start - spans[holder].Start, end - spans[holder].Start);
    }
}

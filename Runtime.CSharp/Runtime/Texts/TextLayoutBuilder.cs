using System.Collections.Immutable;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>
/// Puts templates into tokens. Remembers what it has encoded, so that a template may be laid out with many lengths of its gaps. Not safe to
/// share between threads.
/// </summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="firstTokens">What stands before the text: one token, or none.</param>
/// <param name="constraints">What each gap allows.</param>
internal sealed class TextLayoutBuilder(Vocabulary vocabulary, ImmutableArray<int> firstTokens, GapTokenSets constraints)
{
    private readonly BorderRule rule = new(vocabulary);
    private readonly Dictionary<(string Text, bool BeginsText), int[]> encoded = [];
    private readonly Dictionary<(string Text, bool BeginsText, int Gap, BorderSide Side, int First), BorderOpening?> openings = [];

    /// <summary>What the model has said of borders whose given spelling is no token of its own: whether they are opened.</summary>
    public Dictionary<(int Gap, BorderSide Side), bool> Decided { get; init; } = [];

    /// <summary>A template whose gaps have one length each; see <see cref="TextLayout.EmptyGap"/>.</summary>
    /// <exception cref="TokenizerException">The vocabulary cannot express a text.</exception>
    public TextLayout Build(Template template)
    {
        var givens = template.Givens();
        ImmutableArray<int> lengths = [.. template.Parts.Where(part => part.IsGap).Select(part => part.GapLength)];
        var building = new Building(firstTokens);

        for (var i = 0; i < givens.Length; i++)
        {
            Place(building, givens, lengths, i);
        }

        return building.ToLayout(givens, firstTokens.Length);
    }

    /// <summary>The given text of a number, with what its neighbouring gaps open of it, and the gap behind it.</summary>
    private void Place(Building building, ImmutableArray<string> givens, ImmutableArray<int> lengths, int index)
    {
        var hasGap = index < lengths.Length;
        var beginsText = index == 0;
        var isSpaced = hasGap && lengths[index] > 0 && LeavesSpace(givens[index], beginsText);
        var text = isSpaced ? givens[index][..^1] : givens[index];
        var ids = Encode(text, beginsText);
        var behind = index > 0 ? Open(building, text, beginsText, index - 1, BorderSide.Behind, 0) : null;
        building.EndGap(behind);

        var first = behind?.Tokens ?? (beginsText && firstTokens.IsEmpty ? 1 : 0);
        var before = hasGap && !isSpaced ? Open(building, text, beginsText, index, BorderSide.Before, first) : null;
        building.Give(ids[(behind?.Tokens ?? 0)..^(before?.Tokens ?? 0)]);

        if (hasGap)
        {
            building.BeginGap(before, isSpaced, lengths[index]);
        }
    }

    /// <summary>
    /// Whether a text leaves its last space to the gap behind it, because tokens hold the space before their word. (The space that begins a
    /// text and that the tokenizer adds to is left where it is.)
    /// </summary>
    private bool LeavesSpace(string text, bool beginsText) =>
        text.EndsWith(' ')
        && vocabulary.Tokenizer.AttachesSpaces
        && !(beginsText && vocabulary.Tokenizer.AddsLeadingSpace && text.AsSpan().Trim(' ').IsEmpty);

    private BorderOpening? Open(Building building, string text, bool beginsText, int gap, BorderSide side, int first)
    {
        var key = (text, beginsText, gap, side, first);

        if (!openings.TryGetValue(key, out var opening))
        {
            var ids = Encode(text, beginsText);
            opening = side == BorderSide.Before
                ? rule.Before(ids, Math.Min(first, ids.Length), beginsText, constraints.Of(gap))
                : rule.Behind(ids, constraints.Of(gap));
            opening = opening is { IsExact: false } && !HasToken(opening, ids, gap, side) ? null : opening;
            openings.Add(key, opening);
        }

        if (opening is { IsExact: false })
        {
            if (!Decided.TryGetValue((gap, side), out var isOpen))
            {
                building.Undecided.Add((gap, side));
            }
            else if (!isOpen)
            {
                return null;
            }
        }

        return opening;
    }

    /// <summary>Whether some token that agrees may be drawn; where the given spelling is a token, it may.</summary>
    private bool HasToken(BorderOpening opening, int[] ids, int gap, BorderSide side)
    {
        var isBefore = side == BorderSide.Before;
        var agreeing = isBefore ? vocabulary.BeginningWith(opening.Bytes.AsSpan()) : vocabulary.EndingWith(opening.Bytes.AsSpan());
        var beside = vocabulary.Join(isBefore ? ids.AsSpan()[..^opening.Tokens] : ids.AsSpan()[opening.Tokens..]);
        return agreeing.ToArray().Any(token => constraints.Allows(gap, token, opening, beside, side));
    }

    private int[] Encode(string text, bool beginsText)
    {
        if (text.Length == 0)
        {
            return [];
        }

        if (!encoded.TryGetValue((text, beginsText), out var ids))
        {
            ids = beginsText ? vocabulary.Tokenizer.Encode(text, addBos: false) : vocabulary.Tokenizer.EncodeContinuation(text);
            encoded.Add((text, beginsText), ids);
        }

        return ids;
    }

    /// <summary>A layout as far as it has come.</summary>
    private sealed class Building(IEnumerable<int> firstTokens)
    {
        private readonly List<int> tokens = [.. firstTokens];
        private readonly List<TextGap> gaps = [];
        private readonly List<Border> borders = [];
        private TextGap? gap;
        private int? empty;

        public List<(int Gap, BorderSide Side)> Undecided { get; } = [];

        public void Give(int[] ids) => tokens.AddRange(ids);

        public void BeginGap(BorderOpening? before, bool isSpaced, int length)
        {
            var first = tokens.Count;

            if (before is not null)
            {
                borders.Add(new(tokens.Count, BorderSide.Before, before.Bytes));
                tokens.Add(0);
            }

            if (isSpaced)
            {
                borders.Add(new(tokens.Count, BorderSide.Before, [(byte)' ']));
            }

            gap = new(first, tokens.Count, length, tokens.Count + length);
            tokens.AddRange(Enumerable.Repeat(0, length));
        }

        public void EndGap(BorderOpening? behind)
        {
            if (gap is not { } begun)
            {
                return;
            }

            if (behind is not null)
            {
                borders.Add(new(tokens.Count, BorderSide.Behind, behind.Bytes));
                tokens.Add(0);
            }

            empty ??= tokens.Count == begun.First ? gaps.Count : null;
            gaps.Add(begun with { End = tokens.Count });
            gap = null;
        }

        public TextLayout ToLayout(ImmutableArray<string> givens, int firstText)
        {
            return new([.. tokens], [.. gaps], [.. borders])
            {
                Givens = givens,
                Undecided = [.. Undecided],
                EmptyGap = empty,
                FirstText = firstText,
            };
        }
    }
}

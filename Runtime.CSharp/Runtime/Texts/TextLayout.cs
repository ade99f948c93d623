using System.Collections.Immutable;

namespace A3.Runtime.Texts;

using A3.Model;

/// <summary>A text with gaps in tokens: the first token, what is given, and 0 where something is to be drawn.</summary>
/// <param name="Tokens">One per position.</param>
/// <param name="Gaps">The gaps in order.</param>
/// <param name="Borders">Positions whose token holds given bytes.</param>
internal sealed record TextLayout(ImmutableArray<int> Tokens, ImmutableArray<TextGap> Gaps, ImmutableArray<Border> Borders)
{
    /// <summary>The given texts, [gaps + 1]: before each gap, and behind the last; null where only their tokens are known.</summary>
    public ImmutableArray<string>? Givens { get; init; }

    /// <summary>
    /// Borders whose given spelling is no token of its own: whether they are opened is for the model to say, and here they are.
    /// </summary>
    public ImmutableArray<(int Gap, BorderSide Side)> Undecided { get; init; } = [];

    /// <summary>A gap without a position, since it has length 0 and no border of it is opened; null where there is none.</summary>
    public int? EmptyGap { get; init; }

    /// <summary>Bytes of text that are scored, where they are not those of the tokens.</summary>
    public int? Bytes { get; init; }

    /// <summary>How many of the first positions hold no text: the token that texts start from.</summary>
    public int FirstText { get; init; }

    /// <summary>Positions that are to be drawn, ascending.</summary>
    public int[] Open => [.. Gaps.SelectMany(gap => Enumerable.Range(gap.First, gap.End - gap.First))];

    /// <summary>Positions that are given, ascending.</summary>
    public int[] Evidence => [.. Enumerable.Range(0, Tokens.Length).Except(Open)];

    /// <summary>
    /// Positions that given text reaches into and that stand beside the gaps, to be committed before all others: those before gaps, and those
    /// behind; without empty groups.
    /// </summary>
    public int[][] Opened =>
    [
        .. new int[][]
        {
            [.. Gaps.SelectMany(gap => Enumerable.Range(gap.First, gap.Start - gap.First))],
            [.. Gaps.SelectMany(gap => Enumerable.Range(gap.Start + gap.Length, gap.End - gap.Start - gap.Length))],
        }.Where(group => group.Length > 0),
    ];

    /// <summary>Tokens of which some are to be drawn anew: neighbouring ones are one gap, but for borders between them.</summary>
    public static TextLayout Of(IReadOnlyList<int> tokens, Func<int, bool> isOpen, IReadOnlyCollection<Border> borders, int firstText)
    {
        var begin = borders.Where(border => border.Side == BorderSide.Before).Select(border => border.Position).ToHashSet();
        var close = borders.Where(border => border.Side == BorderSide.Behind).Select(border => border.Position).ToHashSet();
        var gaps = ImmutableArray.CreateBuilder<TextGap>();

        for (var position = 0; position < tokens.Count; position++)
        {
            if (isOpen(position))
            {
                var start = position;

                while (!close.Contains(position)
                    && position + 1 < tokens.Count
                    && isOpen(position + 1)
                    && !begin.Contains(position + 1))
                {
                    position++;
                }

                gaps.Add(new(start, start, position + 1 - start, position + 1));
            }
        }

        return new([.. tokens], gaps.ToImmutable(), [.. borders]) { FirstText = firstText };
    }

    /// <summary>That of a decoded text, with the positions that its end left out.</summary>
    public static TextLayout Of(DecodedText text, int firstText)
    {
        bool Has(int position, BorderSide side) => text.Borders.Any(border => border.Position == position && border.Side == side);

        var gaps = ImmutableArray.CreateBuilder<TextGap>();

        foreach (var (index, gap) in text.Gaps.Index())
        {
            var free = gaps.Count == 0 ? firstText : gaps[^1].End;
            var first = gap.Start - 1 >= free && Has(gap.Start - 1, BorderSide.Before) ? gap.Start - 1 : gap.Start;
            var end = gap.Start + gap.Length;
            var isOwn = index == text.Gaps.Length - 1 || text.Gaps[index + 1].Start > end;
            gaps.Add(new(first, gap.Start, gap.Length, isOwn && Has(end, BorderSide.Behind) ? end + 1 : end));
        }

        var length = gaps.Count == 0 ? text.Tokens.Length : Math.Max(text.Tokens.Length, gaps[^1].End);
        int[] tokens = [.. text.Tokens.Select(token => token.Token), .. new int[length - text.Tokens.Length]];
        return new([.. tokens], gaps.ToImmutable(), text.Borders) { FirstText = firstText };
    }

    /// <summary>The given bytes at a border of a position; none where there is none.</summary>
    public ReadOnlySpan<byte> BorderBytes(int position, BorderSide side) =>
        Borders.FirstOrDefault(border => border.Position == position && border.Side == side) is { } border ? border.Bytes.AsSpan() : [];

    /// <summary>The groups of a grouping over the gaps, behind those of the positions that given text reaches into.</summary>
    public Partition OpenedFirst(Grouping grouping, int[]? words = null, int[]? sentences = null)
    {
        var opened = Opened;
        var known = Evidence.Concat(opened.SelectMany(group => group));
        var shape = new SequenceLayout(Tokens.Length, [[.. known.Order()]], words ?? [], sentences ?? []);
        var targets = PartitionModule.targets(GroupingModule.resolve(shape, grouping));
        int[][] evidence = Evidence is { Length: > 0 } given ? [given] : [];
        return PartitionModule.create(evidence.Length, [.. evidence, .. opened, .. targets]);
    }
}

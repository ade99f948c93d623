using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Texts of orders, groupings, policies, curricula, partitions and masks.</summary>
internal static class SpecificationTexts
{
    private static readonly Gen<string> Small = Gen.Choose(1, 12).Select(number => $"{number}");

    private static readonly Gen<string> Interval =
        from first in Gen.Choose(0, 9)
        from more in Gen.Choose(0, 5)
        select more == 0 ? $"{first}" : $"{first}..{first + more}";

    private static readonly Gen<string> Listed =
        from positions in Gen.Shuffle(Enumerable.Range(0, 9).ToArray())
        from count in Gen.Choose(1, 8)
        select $"explicit {string.Join(' ', positions.Take(count))}";

    private static readonly Gen<string> Simple = Gen.OneOf(
        Gen.Elements("left-to-right", "right-to-left", "bisect", "random", "random -7", "inside-out", "outside-in"),
        from word in Gen.Elements("random", "strided", "staggered", "inside-out", "outside-in") from number in Small select $"{word} {number}",
        Listed);

    public static Gen<string> Order { get; } = Orders(3);

    /// <summary>Cuts that need no words of a text.</summary>
    private static readonly Gen<string> Cut = Gen.OneOf(
        Gen.Elements("singletons", "all-at-once", "geometric 1 2", "geometric 2 1.5", "cosine 4"),
        Small.Select(size => $"chunks {size}"),
        Small.ListOf(3).Select(sizes => $"sizes {string.Join(' ', sizes)}"),
        Interval.Select(interval => $"spans {interval}"));

    private static readonly Gen<string> Pipeline =
        from order in Order
        from cut in Cut
        from change in Gen.OneOf(
            Gen.Constant(""), Small.Select(size => $" | coarsen {size}"), Gen.Constant(" | interleave (right-to-left)"))
        select $"{order} | {cut}{change}";

    public static Gen<string> Grouping { get; } =
        from given in Gen.OneOf(Gen.Constant(""), Interval.Select(interval => $"given {interval} | "))
        from pipeline in Gen.OneOf(Order, Cut, Pipeline, Gen.Elements("words", "bisect | words", "random 3 | sentences"))
        select given + pipeline;

    public static Gen<string> Policy { get; } = Gen.OneOf(
        Gen.Elements("confidence", "entropy", "margin", "leftmost"),
        from criterion in Gen.Elements("confidence", "entropy", "margin", "leftmost", "random")
        from amount in Gen.OneOf(
            Small.Select(size => $"constant {size}"), Gen.Elements("threshold 0.5", "threshold 0.95", "schedule cosine 8", "schedule 1 2 4"))
        from window in Gen.OneOf(Gen.Constant(""), Small.Select(size => $" | window {size}"))
        select $"{criterion} | {amount}{window}",
        Pipeline);

    /// <summary>Groups of positions 0..n-1; the first may be evidence.</summary>
    private static readonly Gen<int[][]> Groups =
        from positions in Gen.Choose(1, 12).SelectMany(count => Gen.Shuffle(Enumerable.Range(0, count).ToArray()))
        from size in Gen.Choose(1, 4)
        select positions.Chunk(size).Select(members => members.Order().ToArray()).ToArray();

    public static Gen<string> Partition { get; } =
        from groups in Groups
        from given in Gen.Elements("", "given ")
        select given + string.Join(" / ", groups.Select(members => string.Join(' ', members)));

    public static Gen<string> Factorization { get; } = Groups.Where(groups => groups.Length > 1).Select(groups => string.Join(' ',
        Enumerable.Range(1, groups.Length - 1).Select(rank =>
            $"p({string.Join(' ', groups[rank])} | {string.Join(' ', groups[..rank].SelectMany(members => members).Order())})")));

    public static Gen<string> Mask { get; } = Masks(3);

    public static Gen<string> Curriculum { get; } = Gen.OneOf(
        Gen.Elements("adapt", "ar", "direct", "infill", "masked-diffusion", "paper"), Mixture(), Stages());

    private static Gen<string> Orders(int depth) => depth == 0 ? Simple : Gen.OneOf(
        Simple,
        from inner in Orders(depth - 1) select $"reverse ({inner})",
        from size in Small from inner in Orders(depth - 1) select $"blockwise {size} ({inner})",
        from interval in Interval from inner in Orders(depth - 1) select $"within {interval} ({inner})",
        from outer in Simple from inner in Orders(depth - 1) select $"compose ({outer}) ({inner})",
        from first in Listed from then in Simple select $"({first} then {then})");

    private static Gen<string> Masks(int depth)
    {
        var atom = Gen.Elements("earlier-group", "same-group", "not-padding", "same-document");
        return depth == 0 ? atom : Gen.OneOf(
            atom,
            from left in Masks(depth - 1) from word in Gen.Elements("and", "or") from right in Masks(depth - 1) select $"({left}) {word} ({right})",
            Masks(depth - 1).Select(inner => $"not ({inner})"));
    }

    private static Gen<string> Mixture() =>
        from draws in (
            from evidence in Gen.Elements("", "boundaries bidirectional | ", "prefix causal | ", "gaps 1..3 of 2..9 predicted | ", "keep 2 of 3..8 causal | ", "weighted 1/t | scattered bidirectional | ")
            from recipe in Gen.Elements("random | chunks 4", "left-to-right | singletons", "bisect | words", "left-to-right | expand 1 4", "all-at-once")
            from weight in Gen.Choose(1, 9)
            select $"{weight} * ({evidence}{recipe})").ListOf(2)
        from count in Gen.Choose(1, 2)
        select string.Join(" + ", draws.Take(count));

    private static Gen<string> Stages() =>
        from duration in Gen.Elements("0.25", "500 steps", "20000 tokens")
        from weights in Gen.Elements("", ", query 0, content 1", ", content 0.5")
        from first in Mixture()
        from second in Mixture()
        select $"stage {duration}{weights}: {first}; stage rest: {second}";
}

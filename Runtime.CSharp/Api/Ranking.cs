using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>Alternatives for the only gap of a template.</summary>
internal sealed class Ranking(ITokenizer tokenizer, Template template, int context)
{
    private readonly int gap = template.Parts.Count(part => part.IsGap) == 1
        ? template.Parts.ToList().FindIndex(part => part.IsGap)
        : throw new ArgumentException(
            $"the template has {template.Parts.Count(part => part.IsGap)} gaps, but alternatives are ranked for exactly one.",
            nameof(template));

    /// <summary>Ranks by what <paramref name="score"/> gives for texts with their partitions.</summary>
    public ImmutableArray<Alternative> Of(
        IReadOnlyList<string> alternatives,
        Grouping? grouping,
        Func<IReadOnlyList<(int[] Tokens, Partition Partition)>, ImmutableArray<TextScore>> score)
    {
        if (alternatives.Count == 0)
        {
            throw new ArgumentException("there are no alternatives to rank; give at least one.", nameof(alternatives));
        }

        var groups = grouping ?? GroupingModule.singletons(Order.LeftToRight);
        var scores = score([.. alternatives.Select((text, index) => Fill(text, index, groups))]);
        var best = scores.Max(each => each.LogProbability);
        var total = scores.Sum(each => Math.Exp(each.LogProbability - best));
        return
        [
            .. scores
                .Select((each, index) =>
                    new Alternative(index, alternatives[index], each, Math.Exp(each.LogProbability - best) / total))
                .OrderByDescending(alternative => alternative.Score.LogProbability),
        ];
    }

    /// <summary>The template with an alternative in its gap; all but the alternative is given, as one group.</summary>
    private (int[] Tokens, Partition Partition) Fill(string text, int index, Grouping grouping)
    {
        var ids = gap == 0 ? tokenizer.Encode(text, addBos: false) : tokenizer.EncodeContinuation(text);

        if (ids.Length == 0)
        {
            throw new ArgumentException($"alternatives[{index}] is empty; every alternative needs a token.", nameof(text));
        }

        TemplatePart[] parts = [.. template.Parts];
        parts[gap] = TemplatePart.Gap(ids.Length);
        var encoded = EncodedTemplate.Of(Template.Of(parts), tokenizer, context);
        int[] tokens = [.. encoded.Tokens];
        ids.CopyTo(tokens, encoded.Gaps[0].Start);
        var shape = ShapeModule.given(encoded.Evidence, ShapeModule.ofLength(tokens.Length));
        return (tokens, GroupingModule.resolve(shape, grouping));
    }
}

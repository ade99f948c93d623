using System.Collections.Immutable;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

using A3.Model;

/// <summary>Lays out a template with each alternative in its gaps, so that all are scored given the same tokens.</summary>
internal sealed class AlternativeRanking
{
    private readonly Vocabulary vocabulary;
    private readonly ImmutableArray<int> firstTokens;
    private readonly ImmutableArray<string> givens;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="firstTokens">What stands before a text.</param>
    /// <param name="template">With gaps, of any length.</param>
    /// <exception cref="A3Exception">The template has no gap.</exception>
    public AlternativeRanking(Vocabulary vocabulary, ImmutableArray<int> firstTokens, Template template)
    {
        (this.vocabulary, this.firstTokens) = (vocabulary, firstTokens);
        givens = template.Givens();

        if (givens.Length < 2)
        {
            throw new RequestException("the template has no gap, but alternatives are ranked for its gaps; write ___ where they belong.");
        }
    }

    /// <summary>Ranks by what <paramref name="score"/> gives for layouts with their partitions.</summary>
    public RankedAlternatives Of(
        IReadOnlyList<ImmutableArray<string>> alternatives,
        Grouping? grouping,
        Func<IReadOnlyList<(TextLayout Layout, Partition Partition)>, ImmutableArray<TextScore>> score)
    {
        Require(alternatives);
        AlternativeText[] texts = [.. alternatives.Select(texts => new AlternativeText(vocabulary, firstTokens, givens, texts))];
        var common = AlternativeText.Common(texts);
        var groups = grouping ?? GroupingModule.singletons(Order.LeftToRight);
        var layouts = texts.Select((text, index) => text.LayOut(common, groups)
            ?? throw new RequestException($"{Name(alternatives, index)} leaves no token to score; every alternative needs one."));
        return Rank(alternatives, score([.. layouts]));
    }

    private static RankedAlternatives Rank(IReadOnlyList<ImmutableArray<string>> alternatives, ImmutableArray<TextScore> scores)
    {
        var best = scores.Max(each => each.LogProbability);
        var total = scores.Sum(each => Math.Exp(each.LogProbability - best));
        return new(
            [
                .. scores
                    .Select((each, index) =>
                        new Alternative(index, alternatives[index], each, Math.Exp(each.LogProbability - best) / total))
                    .OrderByDescending(alternative => alternative.Score.LogProbability),
            ],
            [
                .. scores.GroupBy(each => each.Tokens.Length)
                    .OrderBy(group => group.Key)
                    .Select(group => new AlternativesMass(group.Key, group.Sum(each => Math.Exp(each.LogProbability)))),
            ]);
    }

    private static string Name(IReadOnlyList<ImmutableArray<string>> alternatives, int index) =>
        $"alternatives[{index}] = \"{string.Join("\", \"", alternatives[index])}\"";

    /// <exception cref="A3Exception">None, too few or too many texts, one twice, or one that repeats a given space.</exception>
    private void Require(IReadOnlyList<ImmutableArray<string>> alternatives)
    {
        if (alternatives.Count == 0)
        {
            throw new RequestException("there are no alternatives to rank; give at least one.");
        }

        var seen = new HashSet<string>();

        for (var index = 0; index < alternatives.Count; index++)
        {
            if (alternatives[index].Length != givens.Length - 1)
            {
                throw new RequestException(
                    $"{Name(alternatives, index)} has {alternatives[index].Length} texts, but the template has {givens.Length - 1} gaps; "
                    + "give each gap its text.");
            }

            if (!seen.Add(string.Join('\0', alternatives[index])))
            {
                throw new RequestException($"{Name(alternatives, index)} stands twice among the alternatives; give each once.");
            }

            RequireOwnSpaces(alternatives, index);
        }
    }

    private void RequireOwnSpaces(IReadOnlyList<ImmutableArray<string>> alternatives, int index)
    {
        for (var gap = 0; gap < alternatives[index].Length; gap++)
        {
            var text = alternatives[index][gap];

            if ((givens[gap].EndsWith(' ') && text.StartsWith(' ')) || (givens[gap + 1].StartsWith(' ') && text.EndsWith(' ')))
            {
                throw new RequestException(
                    $"{Name(alternatives, index)} repeats the space that the text beside gap {gap + 1} has already; an alternative is what "
                    + $"stands between the given parts: write \"{text.Trim(' ')}\".");
            }
        }
    }
}

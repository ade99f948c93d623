using System.Text;
using Xunit;

namespace A3.Runtime.Tests.Texts;

/// <summary>Law 14: one text, one tokenisation, wherever its parts begin and end.</summary>
public sealed class MarkedTextTests
{
    public static readonly TheoryData<string> Kinds = [.. TextSamples.Kinds];

    [Theory(DisplayName = "Law 14: the tokens of a scored text are those of the whole text, and what holds a marked byte is scored")]
    [MemberData(nameof(Kinds))]
    public void WholeText(string kind) => ForAll(kind, (model, text, start, end) =>
    {
        var score = model.Score(Marked(text, start, end));
        int[] whole = [model.Tokenizer.FirstId!.Value, .. model.Tokenizer.Encode(text, addBos: false)];
        int Bytes(int at) => Encoding.UTF8.GetByteCount(text.AsSpan(0, at));
        var (first, last) = (Holding(model, whole, Bytes(start)), Holding(model, whole, Bytes(end) - 1));

        Assert.Equal(whole, score.Ids);
        Assert.Equal(Enumerable.Range(first, last + 1 - first), score.Tokens.Select(token => token.Position));
        Assert.Equal(Encoding.UTF8.GetByteCount(text.AsSpan(start, end - start)), score.Bytes);
    });

    [Theory(DisplayName = "Law 14: two markings of the same tokens differ by the restriction of the tokens at their borders alone")]
    [MemberData(nameof(Kinds))]
    public void Restriction(string kind) => ForAll(kind, (model, text, start, end) =>
    {
        foreach (var grouping in new[] { "left-to-right | singletons", "right-to-left | chunks 2" })
        {
            var cut = model.Score(Marked(text, start, end), Grouping.Parse(grouping));
            var whole = model.Score([.. cut.Ids], cut.Partition!);
            var restriction = cut.Borders.Select(border => border.Position).Distinct().Sum(position => Mass(model, cut, position));
            Assert.Equal(whole.LogProbability - restriction, cut.LogProbability, 1e-6);
            Assert.Equal(cut.LogProbability, model.Score([.. cut.Ids], cut.Partition!, cut.Borders).LogProbability, 1e-9);
        }
    });

    [Theory(DisplayName = "Law 14: a chain over a moved border adds up where the tokens passed keep groups of their own, predicted first")]
    [MemberData(nameof(Kinds))]
    public void Chain(string kind) => ForAll(kind, (model, text, start, end) =>
    {
        var whole = model.Score(Marked(text, start, end));
        int[][] groups = whole.Partition!.Groups;
        var passed = (groups.Length - 1) / 2;

        if (passed == 0)
        {
            return;
        }

        int[] ids = [.. whole.Ids];
        var own = whole.Borders.ToLookup(border => groups.Skip(1).Take(passed).Any(group => group.Contains(border.Position)));
        int[][] early = [groups[0], .. groups[1..(1 + passed)]];
        int[] kept = [.. early.SelectMany(group => group).Order()];
        var second = model.Score(ids, Partition.OfGroups(groups, 1 + passed), [.. own[false]]).LogProbability;
        var first = model.Score(ids, groups[1..(1 + passed)].SelectMany(group => group), groups[0], Grouping.Parse("left-to-right | singletons"))
            .Tokens.Sum(token => token.LogProbability) - own[true].Select(border => border.Position).Distinct().Sum(position => Mass(model, whole, position));

        Assert.Equal(whole.LogProbability, first + second, 1e-6);
    });

    [Fact(DisplayName = "Marks read back, and brackets and backslashes stand for themselves where they are escaped")]
    public void ReadsBack()
    {
        var text = MarkedText.Of(new("a = [[1]] \\ {2} __", false), new MarkedPart("x[0]", true), new MarkedPart("]] \\[", false));

        Assert.Equal(text.Parts, MarkedText.Parse(text.ToString()).Parts);
        Assert.Equal("a = [[1]] \\ {2} __x[0]]] \\[", text.Text);
        Assert.False(MarkedText.Plain("a [[b]]").HasTargets);
        Assert.Equal("a [[b]]", MarkedText.Plain("a [[b]]").Text);
        Assert.Equal("a ]] b", MarkedText.Parse("a ]] b").Text);
        Assert.Equal(5, Assert.Throws<TemplateException>(() => MarkedText.Parse("a = [[b")).Column);
        Assert.Equal(11, Assert.Throws<TemplateException>(() => MarkedText.Parse("a = [[1, 2], [3, 4]]")).Column);
        Assert.Equal(3, Assert.Throws<TemplateException>(() => MarkedText.Parse("a [[]]")).Column);
    }

    [Theory(DisplayName = "Alternatives over several gaps have the probability of all their tokens together, by the chain rule")]
    [MemberData(nameof(Kinds))]
    public void Jointly(string kind)
    {
        var model = TextSamples.Models[kind];
        var template = Template.Parse("Tom had a ___ ball and wa___ to the park.");
        var ranked = model.Rank(template, [["red", "lked"], ["small", "s told"], ["", "s"]]);

        Assert.Equal(1, ranked.Alternatives.Sum(each => each.Probability), 1e-12);
        Assert.Equal(
            ranked.Alternatives.Sum(each => Math.Exp(each.Score.LogProbability)), ranked.Masses.Sum(mass => mass.Probability), 1e-12);
        Assert.All(ranked.Alternatives, each =>
        {
            var text = $"Tom had a {each.Texts[0]} ball and wa{each.Texts[1]} to the park.";
            int[] whole = [model.Tokenizer.FirstId!.Value, .. model.Tokenizer.Encode(text, addBos: false)];
            Assert.Equal(whole, each.Score.Ids);
            Assert.Equal(model.Score(whole, each.Score.Partition!).LogProbability, each.Score.LogProbability, 1e-9);
        });
    }

    [Fact(DisplayName = "The end of a text, scored as well, gives what generating it reported")]
    public void CountsTheEnd()
    {
        var model = TextSamples.Models["byte-level"];
        var ended = Enumerable.Range(0, 200)
            .Select(seed => model.Generate("Tom ", 60, new() { Causal = true, Seed = seed }))
            .Where(text => text.IsCanonical && model.Tokenizer.EosIds.Contains(text.Tokens[^1].Token))
            .ToArray();

        Assert.NotEmpty(ended);
        Assert.All(ended, text =>
        {
            var score = model.ScoreCausal(text.Text, countEnd: true);
            var prompt = score.Tokens.Length - text.Steps.Length;
            Assert.Equal(text.Tokens.Select(token => token.Token), score.Ids);
            Assert.Equal(text.Tokens[^1].LogProbability!.Value, score.Tokens[^1].LogProbability, 1e-9);
            Assert.True(prompt >= 0);
        });
    }

    private static MarkedText Marked(string text, int start, int end) =>
        MarkedText.Of(new(text[..start], false), new MarkedPart(text[start..end], true), new MarkedPart(text[end..], false));

    /// <summary>The position whose token holds a byte of the text.</summary>
    private static int Holding(A3Model model, int[] whole, int at)
    {
        var position = 1;
        var end = model.Tokenizer.TokenBytes(whole[1]).Length - (model.Tokenizer.AddsLeadingSpace ? 1 : 0);

        while (end <= at)
        {
            position++;
            end += model.Tokenizer.TokenBytes(whole[position]).Length;
        }

        return position;
    }

    /// <summary>log p of all tokens that agree with what is given at a position, each scored in the place of the one that stands there.</summary>
    private static double Mass(A3Model model, TextScore score, int position)
    {
        bool Agrees(int token) => score.Borders.Where(border => border.Position == position).All(border =>
            border.Side == BorderSide.Before
                ? model.Tokenizer.TokenBytes(token).Span.StartsWith(border.Bytes.AsSpan())
                : model.Tokenizer.TokenBytes(token).Span.EndsWith(border.Bytes.AsSpan()));

        var length = score.Borders.Where(border => border.Position == position).Sum(border => border.Bytes.Length);
        double Alone(int token)
        {
            int[] ids = [.. score.Ids];
            ids[position] = token;
            return model.Score(ids, score.Partition!).Tokens.Single(each => each.Position == position).LogProbability;
        }

        return Math.Log(Enumerable.Range(0, model.Tokenizer.VocabularySize)
            .Where(token => model.Tokenizer.TokenBytes(token).Length >= length && Agrees(token))
            .Sum(token => Math.Exp(Alone(token))));
    }

    /// <summary>Over random texts, and parts of them that begin and end anywhere between characters.</summary>
    private static void ForAll(string kind, Action<A3Model, string, int, int> check)
    {
        var model = TextSamples.Models[kind];
        var random = new Random(kind.Length);

        for (var i = 0; i < TextSamples.Count(30); i++)
        {
            var text = TextSamples.Text(random);
            int[] places = [.. Enumerable.Range(0, text.Length + 1).Where(at => at == text.Length || !char.IsLowSurrogate(text[at]))];
            var (a, b) = (random.Next(places.Length - 1), random.Next(places.Length - 1));
            var (start, end) = (places[Math.Min(a, b)], places[Math.Max(a, b) + 1]);

            try
            {
                check(model, text, start, end);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{kind} {i}: {Marked(text, start, end)}: {error.Message}", error);
            }
        }
    }
}

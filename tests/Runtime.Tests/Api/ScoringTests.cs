using Xunit;

namespace A3.Runtime.Tests.Api;

using A3.Model;

public sealed class ScoringTests
{
    private static readonly A3.Grouping OneByOne = A3.Grouping.Parse("left-to-right | singletons");

    [Fact]
    public void Any_part_is_scored_given_any_other_and_the_rest_has_no_say()
    {
        using var model = TestModel.Fake();
        int[] tokens = model.Tokenizer.Encode("Tom had a red ball. He was very happy.", addBos: true);
        int[] targets = [5, 2, 7];
        int[] given = [0, 3, 9];
        var score = model.Score(tokens, targets, given, A3.Grouping.Parse("bisect | chunks 2"));
        int[] otherwise = [.. tokens.Select((token, position) => targets.Contains(position) || given.Contains(position) ? token : 1)];

        Assert.Equal([2, 5, 7], score.Tokens.Select(token => token.Position));
        Assert.Equal(score.Tokens, model.Score(otherwise, targets, given, A3.Grouping.Parse("bisect | chunks 2")).Tokens);
        tokens[3] = 1 + tokens[3];
        Assert.NotEqual(score.Tokens, model.Score(tokens, targets, given, A3.Grouping.Parse("bisect | chunks 2")).Tokens);
    }

    [Fact]
    public void The_chain_rule_holds_over_parts()
    {
        using var model = TestModel.Fake();
        int[] tokens = model.Tokenizer.Encode("Tom had a red ball.", addBos: true);
        int[] first = [1, 2];
        int[] rest = [.. Enumerable.Range(3, tokens.Length - 3)];
        var whole = model.Score(tokens, [.. first, .. rest], [0], OneByOne).LogProbability;
        var head = model.Score(tokens, first, [0], OneByOne).LogProbability;
        var causalEvidence = A3.Partition.OfGroups([[0], [1], [2], .. rest.Select(position => new[] { position })], 3);

        Assert.Equal(whole, head + model.Score(tokens, causalEvidence).LogProbability, 1e-9);
    }

    [Fact]
    public void Many_texts_get_the_scores_that_each_gets_alone()
    {
        using var model = TestModel.Fake();
        string[] texts = ["Tom had a ball.", "He was happy.", "Tom"];

        Assert.Equal(
            texts.Select(text => model.Score(text, OneByOne).LogProbability),
            model.Score([.. texts.Select(MarkedText.Plain)], OneByOne).Select(score => score.LogProbability));
        Assert.Empty(model.Score(Array.Empty<MarkedText>(), OneByOne));
    }

    [Fact]
    public void Alternatives_are_ranked_by_their_probability_given_both_sides()
    {
        using var model = TestModel.Fake();
        string[] alternatives = [" red", " very happy", " ball"];
        var ranked = model.Rank(Template.Parse("Tom had a{3} ball."), alternatives).Alternatives;

        Assert.Equal(1, ranked.Sum(alternative => alternative.Probability), 1e-12);
        Assert.Equal(ranked.OrderByDescending(alternative => alternative.Score.LogProbability), ranked);
        Assert.All(ranked, alternative =>
        {
            int[] before = model.Tokenizer.Encode("Tom had a", addBos: true);
            int[] own = model.Tokenizer.EncodeContinuation(alternatives[alternative.Index]);
            int[] tokens = [.. before, .. own, .. model.Tokenizer.EncodeContinuation(" ball.")];
            var positions = Enumerable.Range(before.Length, own.Length).ToArray();
            var alone = model.Score(tokens, positions, Enumerable.Range(0, tokens.Length).Except(positions), OneByOne);
            Assert.Equal(alone.LogProbability, alternative.Score.LogProbability, 1e-9);
            Assert.Equal([alternatives[alternative.Index]], alternative.Texts);
            Assert.Equal(alternative.Texts[0].Length, alternative.Score.Bytes);
        });
    }

    [Fact(DisplayName = "The bound over K orders is the log-probability of a mixture: over all sequences it sums to 1")]
    public void BoundIsAProbability()
    {
        using var network = new FakeNetwork(vocabulary: 3, spread: 5);
        int[][] orders = [[0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 1, 2]];
        var sequences = from a in "012" from b in "012" from c in "012" select new[] { 1, a - '0', b - '0', c - '0' };
        var reports = sequences.Select(tokens => new OrderReport(
            [
                .. orders.Select(order => Scorer.Score(
                        PartialSequence.ToScore(network, tokens, PartitionModule.create(1, [.. order.Select(position => new[] { position })])))
                    .Sum(score => score.LogProbability)),
            ],
            3)).ToArray();

        Assert.Equal(1, reports.Sum(report => Math.Exp(report.Bound)), 1e-7);
        Assert.All(reports, report => Assert.InRange(report.Mean, double.NegativeInfinity, report.Bound));
        Assert.All(reports, report => Assert.True(report.Spread > 0));
    }

    [Fact]
    public void Random_orders_of_a_text_are_those_of_their_groupings()
    {
        using var model = TestModel.Fake();
        var report = model.ScoreOrders("Tom had a ball.", 3, seed: 7);

        Assert.Equal(
            Enumerable.Range(7, 3).Select(seed => model.Score("Tom had a ball.", A3.Grouping.Parse($"random {seed} | singletons")).LogProbability),
            report.LogProbabilities);
        Assert.Equal("Tom had a ball.".Length, report.Bytes);
        Assert.Equal(0, model.ScoreOrders("Tom", 1).Spread);
    }

    [Fact]
    public void What_cannot_be_scored_is_named()
    {
        using var model = TestModel.Fake();
        int[] tokens = [0, 1, 2];

        Assert.StartsWith(
            "position 1 is scored and given", Assert.Throws<RequestException>(() => model.Score(tokens, [1], [0, 1], OneByOne)).Message);
        Assert.StartsWith(
            "position 3, but there are 3 tokens", Assert.Throws<RequestException>(() => model.Score(tokens, [3], [0], OneByOne)).Message);
        Refused("the template has no gap", "Tom", ["a"]);
        Refused("there are no alternatives", "Tom {1}", []);
        Refused("alternatives[0] = \"a\" has 1 texts, but the template has 2 gaps", "{1} a {1}", ["a"]);
        Refused("alternatives[1] = \" b\" repeats the space that the text beside gap 1 has already", "Tom {1}", ["a", " b"]);
        Refused("alternatives[0] = \"b \" repeats the space", "Tom {1} c", ["b "]);
        Refused("alternatives[2] = \"a\" stands twice", "Tom {1}", ["a", "b", "a"]);

        void Refused(string message, string template, string[] alternatives) => Assert.StartsWith(
            message, Assert.ThrowsAny<A3Exception>(() => model.Rank(Template.Parse(template), alternatives)).Message);

        Assert.Throws<ArgumentOutOfRangeException>("orders", () => model.ScoreOrders("Tom", 0));
    }
}

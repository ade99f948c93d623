using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class GapLengthTests
{
    [Fact]
    public void Each_length_is_scored_by_what_fills_it_given_both_sides()
    {
        using var model = TestModel.Fake();
        var (settled, choices) = model.ChooseLengths(Template.Parse("Tom had{2..5} He was"));
        int[] before = model.Tokenizer.Encode("Tom had", addBos: true);
        int[] behind = model.Tokenizer.EncodeContinuation(" He was");
        var choice = Assert.Single(choices);

        Assert.Equal([2, 3, 4, 5], choice.Candidates.Select(candidate => candidate.Length));
        Assert.Equal(6, choice.ForwardPasses);
        foreach (var candidate in choice.Candidates)
        {
            int[] tokens = [.. before, .. new int[candidate.Length], .. behind];
            var gap = Enumerable.Range(before.Length, candidate.Length).ToArray();
            var partition = Partition.OfGroups(
                [
                    Enumerable.Range(0, before.Length).ToArray(),
                    Enumerable.Range(before.Length + candidate.Length, behind.Length).ToArray(),
                    .. gap.Select(position => new[] { position }),
                ],
                2);
            var fill = model.Prepare(tokens, partition, new() { Sampling = SamplingOptions.Greedy }).Complete();
            int[] filled = [.. fill.Tokens.Select(token => token.Token)];
            Assert.Equal(model.Score(filled, partition).LogProbability, candidate.LogProbability, 1e-9);
            Assert.Equal(fill.LogProbability / candidate.Length, candidate.PerToken, 1e-9);
        }

        Assert.Equal(choice.Candidates.MaxBy(candidate => candidate.PerToken)!.Length, choice.Length);
        Assert.Equal($"Tom had{{{choice.Length}}} He was", settled.ToString());
    }

    [Fact]
    public void A_text_with_such_gaps_is_filled_at_the_lengths_that_were_chosen_and_reports_them()
    {
        using var model = TestModel.Fake();
        var text = model.Infill("Tom {1..4} had {3} He was {2..6} happy");

        Assert.Equal([0, 2], text.GapLengths.Select(choice => choice.Gap));
        Assert.Equal([text.GapLengths[0].Length, 3, text.GapLengths[1].Length], text.Gaps.Select(gap => gap.Length));
        Assert.Equal(text.Gaps.Sum(gap => gap.Length) + 5 + 7, text.ForwardPasses);
        Assert.Equal("Tom {7..9} had", Template.Parse("Tom {7..9} had").ToString());
    }

    [Fact]
    public void Trying_all_lengths_takes_the_passes_of_the_longest()
    {
        var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        model.ChooseLengths(Template.Parse("Tom had {1..30} He was"));

        Assert.Equal(31, network.Passes);
        Assert.Equal(0, network.OpenSequences);
    }

    [Theory]
    [InlineData("Tom had {2..4}")]
    [InlineData("Tom had {2..4}{3} He")]
    public void A_gap_of_unknown_length_needs_text_right_behind_it(string template)
    {
        using var model = TestModel.Fake();
        var error = Assert.ThrowsAny<A3Exception>(() => model.Infill(template));
        Assert.StartsWith("gap 1, 2..4 tokens long, has no text right behind it", error.Message);
    }

    [Fact]
    public void The_longest_gap_must_fit_the_context()
    {
        using var model = TestModel.Fake();
        Assert.Contains("in gaps", Assert.ThrowsAny<A3Exception>(() => model.Infill("Tom {1..2000000000} had")).Message);
        Assert.Contains("{8..16}", Assert.Throws<TemplateException>(() => model.Infill("Tom {1..2000000000000} had")).Message);
    }
}

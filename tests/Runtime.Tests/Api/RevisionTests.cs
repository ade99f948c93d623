using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class RevisionTests
{
    private static readonly Template Story = Template.Parse("Tom had a {6} ball. He was very {4} and {3} Tom");

    private static readonly Grouping AllAtOnce = Grouping.Parse("left-to-right | all-at-once");

    private static int[] Ids(DecodedText text) => [.. text.Tokens.Select(token => token.Token)];

    [Theory]
    [InlineData(null, 1, 1.0, 1, 13)]
    [InlineData("random 3 | chunks 4", 2, 0.5, 1, 14)]
    [InlineData("entropy | constant 2", 3, 0.3, 3, 6)]
    [InlineData("bisect | singletons", 1, 0.01, 5, 1)]
    public void Sweeps_go_over_the_chosen_share_block_by_block(
        string? policy, int sweeps, double share, int block, int steps)
    {
        using var model = TestModel.Fake();
        var options = new DecodingOptions
        {
            Policy = policy is null ? null : Policy.Parse(policy),
            Revision = new() { Sweeps = sweeps, Share = share, Block = block },
            Seed = 4,
        };
        var text = model.Prepare(Story, options).Complete();
        var plain = model.Prepare(Story, options with { Revision = null }).Complete();
        var revisions = text.Steps.Where(step => step.Sweep is not null).ToArray();

        Assert.Equal(steps, revisions.Length);
        Assert.Equal(sweeps, revisions[^1].Sweep);
        Assert.Equal(plain.ForwardPasses + steps + 1, text.ForwardPasses);
        Assert.Equal(plain.Partition, text.Partition);
        Assert.Equal(model.Score(text).LogProbability, text.LogProbability, 1e-9);
        Assert.Equal(text.LogProbability, text.Gaps.Sum(gap => gap.LogProbability), 1e-9);
    }

    [Fact]
    public void Each_block_is_drawn_given_all_other_tokens_and_reports_what_scoring_says_of_it()
    {
        using var model = TestModel.Fake();
        var run = model.Prepare(Story, new() { Revision = new() { Sweeps = 2, Block = 2, Share = 0.6 }, Seed = 1 });
        int[] tokens = [.. run.GivenTokens.Select(token => token ?? 0)];

        foreach (var step in run.Steps())
        {
            foreach (var token in step.Tokens)
            {
                tokens[token.Position] = token.Token;
            }

            if (step.Sweep is not null)
            {
                int[] block = [.. step.Tokens.Select(token => token.Position)];
                var score = model.Score(tokens, block, Enumerable.Range(0, tokens.Length).Except(block), AllAtOnce);
                Assert.Equal(score.Tokens.Select(token => token.LogProbability), step.Tokens.Select(token => token.LogProbability));
            }
        }
    }

    [Fact]
    public void Sweeps_draw_anew_and_only_where_they_may()
    {
        using var model = TestModel.Fake();
        var options = new DecodingOptions { Revision = new() { Sweeps = 5, Positions = [6, 7] }, Seed = 2 };
        var revised = model.Prepare(Story, options).Complete();
        var plain = model.Prepare(Story, options with { Revision = null }).Complete();
        var changed = Ids(revised).Zip(Ids(plain)).Select((pair, position) => (pair, position))
            .Where(item => item.pair.First != item.pair.Second).Select(item => item.position).ToArray();

        Assert.NotEmpty(changed);
        Assert.Subset(new HashSet<int> { 6, 7 }, changed.ToHashSet());
        Assert.True(
            revised.Steps.Where(step => step.Sweep is not null)
                .GroupBy(step => step.Tokens[0].Position)
                .All(steps => steps.Select(step => step.Tokens[0].Token).Distinct().Count() > 1));
    }

    [Fact]
    public void A_position_alone_gets_other_tokens_in_other_sweeps()
    {
        using var model = TestModel.Fake();
        var text = model.Prepare(Story, new() { Revision = new() { Sweeps = 8, Positions = [7] } }).Complete();

        Assert.True(text.Steps.Where(step => step.Sweep is not null).Select(step => step.Tokens[0].Token).Distinct().Count() > 1);
    }

    [Fact]
    public void What_cannot_be_revised_is_named_before_any_work()
    {
        using var model = TestModel.Fake();
        var error = Assert.Throws<RequestException>(() =>
            model.Prepare(Story, new() { Revision = new() { Positions = [0] } }));
        Assert.StartsWith("Revision.Positions names 0, but only positions in gaps can be revised.", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>("Sweeps", () => new RevisionOptions { Sweeps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("Share", () => new RevisionOptions { Share = 1.1 });
        Assert.Throws<ArgumentOutOfRangeException>("Block", () => new RevisionOptions { Block = 0 });
        Assert.Empty(model.Prepare(Template.Parse("Tom had"), new() { Revision = new() }).Complete().Steps);
    }
}

using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>Runs ask for memory before they begin, and complete with their own steps alone.</summary>
public sealed class DecodingRunTests
{
    private const string Story = "Tom had {4} ball. He was very happy.";

    /// <summary>A byte less than one decode needs.</summary>
    [Fact]
    public void Whatever_needs_a_cache_asks_for_it_before_any_pass()
    {
        var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize, context: 64);
        var least = network.CacheBytes(1) - 1;
        using var model = new A3Model(network, TestModel.Tokenizer, new() { CacheLimit = Math.Max(1, least) });
        var tokens = model.Tokenizer.Encode("Tom had a ball.", addBos: true);
        var partition = Partition.OfGroups([.. Enumerable.Range(0, tokens.Length).Select(position => new[] { position })], 1);
        Action[] work =
        [
            () => model.Prepare(Template.Parse(Story)).Start(),
            () => model.Infill(Story),
            () => model.Start(model.Prepare(tokens, partition)),
            () => model.Score("Tom had a ball."),
            () => model.Score(tokens, partition),
            () => model.Score(tokens, [3], [0, 1, 2], Grouping.Parse("left-to-right | singletons")),
            () => model.ScoreCausal("Tom had a ball."),
            () => model.ScoreOrders("Tom had a ball.", 2),
            () => model.Rank(Template.Parse(Story), ["a red", "a"]),
            () => model.ChooseLengths(Template.Parse("Tom had {0..2} ball.")),
        ];

        Assert.All(work, one => Assert.Contains("of cache, but", Assert.ThrowsAny<A3Exception>(one).Message));
        Assert.Equal(0, network.Passes);
    }

    /// <summary>Fewer run side by side, and each has the score that it has alone.</summary>
    [Fact]
    public void Texts_that_do_not_fit_together_are_scored_one_after_another()
    {
        string[] texts = ["Tom had a ball.", "He was very happy.", "Tom had a red ball. He was happy."];
        using var free = TestModel.Fake();
        var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize, context: 64);
        using var narrow = new A3Model(network, TestModel.Tokenizer, new() { CacheLimit = network.CacheBytes(40) });

        Assert.Equal(
            free.Score(texts).Select(score => score.LogProbability),
            narrow.Score(texts).Select(score => score.LogProbability));
    }

    [Fact]
    public void Steps_of_another_run_complete_no_run()
    {
        using var model = TestModel.Fake();
        var run = model.Prepare(Template.Parse(Story), new() { Seed = 1 });
        var other = model.Prepare(Template.Parse(Story), new() { Seed = 2 });
        DecodingStep[] steps = [.. run.Steps()];

        Assert.Equal(run.Complete().Text, run.Complete(steps).Text);
        Assert.StartsWith("steps[0] is no step 0 of this run", Assert.Throws<ArgumentException>(() => other.Complete(steps)).Message);
        Assert.StartsWith("steps[1] is no step 1 of this run", Assert.Throws<ArgumentException>(() => run.Complete([steps[0], steps[2]])).Message);
        Assert.StartsWith(
            "steps[0] is no step 0", Assert.Throws<ArgumentException>(() => run.Complete([new(0, 1, [new(0, 5, 0, 0)])])).Message);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    public void Streamed_text_of_a_revised_run_is_the_final_text(double share)
    {
        using var model = TestModel.Fake();
        var changed = 0;

        for (var seed = 0; seed < 20; seed++)
        {
            var options = new DecodingOptions { Seed = seed, Revision = new() { Share = share, Sweeps = 2 } };
            var run = model.Prepare(Template.Parse("Tom had a {6} ball. He was very {4}."), options);
            var view = run.StreamText();
            DecodingStep[] steps = [.. run.Steps()];
            var first = view.Push(null);
            var streamed = first + string.Concat(steps.Select(view.Push)) + view.Finish();

            Assert.Equal(run.Complete(steps).Text, streamed);
            Assert.StartsWith("Tom had", first);
            changed += run.Complete([.. steps.Where(step => step.Sweep is null)]).Text == streamed ? 0 : 1;
        }

        Assert.True(changed > 10, $"revision changed {changed} of 20 texts.");
    }
}

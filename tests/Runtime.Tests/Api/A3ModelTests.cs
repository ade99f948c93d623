using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class A3ModelTests
{
    private const string Story = "Tom had a red ball. {6} He was very {3}";

    private static readonly ITokenizer Bytes = TestModel.Tokenizer;

    private static A3Model Model(bool queryStream = true, int context = 64) => TestModel.Fake(queryStream, context);

    [Theory]
    [InlineData(null)]
    [InlineData("left-to-right | chunks 2")]
    [InlineData("bisect | singletons")]
    [InlineData("confidence | constant 2 | window 4")]
    public void An_infilled_text_its_score_and_its_replay_have_one_log_probability(string? policy)
    {
        using var model = Model();
        var options = new DecodingOptions
        {
            Policy = policy is null ? null : Policy.Parse(policy),
            Seed = 3,
            Sampling = new() { TopP = 0.9 },
        };
        var text = model.Infill(Story, options);
        int[] tokens = [.. text.Tokens.Select(token => token.Token)];
        var replay = model.Prepare(tokens, text.Partition!, options with { Policy = null }, text.Borders).Complete();

        Assert.Equal(text.LogProbability, model.Score(text).LogProbability, 1e-9);
        Assert.Equal(text.LogProbability, model.Score(tokens, text.Partition!, text.Borders).LogProbability, 1e-9);
        Assert.Equal(text.LogProbability, replay.LogProbability, 1e-9);
        Assert.Equal(text.Text, replay.Text);
        Assert.Equal(text.LogProbability, text.Gaps.Sum(gap => gap.LogProbability), 1e-9);
        Assert.Equal(text.LogProbability, text.Tokens.Sum(token => token.LogProbability ?? 0), 1e-9);
    }

    [Theory]
    [InlineData("left-to-right | words", "groups by words")]
    [InlineData("bisect | sentences | coarsen 2", "groups by sentences")]
    [InlineData("given 1 | bisect", "leave 'given' out")]
    public void A_policy_that_needs_what_a_gap_has_not_is_refused(string policy, string rule)
    {
        using var model = Model();
        var refused = Assert.ThrowsAny<A3Exception>(() => model.Infill(Story, new DecodingOptions { Policy = Policy.Parse(policy) }));

        Assert.Contains(rule, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_given_stays_and_the_space_before_a_gap_is_left_to_it()
    {
        using var model = Model();
        var text = model.Infill(Story);

        Assert.Equal(string.Concat("Tom had a red ball. ", text.Gaps[0].Text, " He was very ", text.Gaps[1].Text), text.Text);
        Assert.StartsWith(" ", model.Tokenizer.TokenText(text.Tokens[text.Gaps[0].Start].Token));
        Assert.Equal(text.Text, string.Concat(text.Tokens.Select(token => token.Text)));
        Assert.Equal([6, 3], text.Gaps.Select(gap => gap.Length));
        Assert.Equal(Bytes.BosId, text.Tokens[0].Token);
        Assert.Equal(
            text.Gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Length)).Concat(text.Borders.Select(border => border.Position)).ToHashSet(),
            text.Tokens.Where(token => token.Step is not null).Select(token => token.Position).ToHashSet());
        Assert.Equal(text.Tokens.Count(token => token.Step is not null), text.ForwardPasses);
    }

    [Fact]
    public void A_template_without_gaps_and_one_without_text_are_texts_too()
    {
        using var model = Model();

        Assert.Equal("Tom had", model.Infill("Tom had").Text);
        Assert.Equal(0, model.Infill("Tom had").ForwardPasses);
        Assert.Equal(4, model.Infill("{4}").ForwardPasses);
        Assert.Equal(1, model.Infill(" {4}").Gaps[0].Start);
    }

    [Fact]
    public async Task Streamed_steps_are_the_steps_and_complete_to_the_same_text()
    {
        using var model = Model();
        var run = model.Prepare(Template.Parse(Story), new() { Policy = Policy.Parse("random 7 | chunks 2") });
        var streamed = new List<DecodingStep>();

        await foreach (var step in run.StepsAsync(TestContext.Current.CancellationToken))
        {
            streamed.Add(step);
        }

        Assert.Equal(5, streamed.Count);
        Assert.Equal(run.Steps().SelectMany(step => step.Tokens), streamed.SelectMany(step => step.Tokens));
        Assert.Equal(run.Complete().Text, run.Complete(streamed).Text);
        Assert.Equal(9, run.GivenTokens.Count(token => token is null));
    }

    [Fact]
    public async Task Cancellation_throws_between_steps()
    {
        using var network = new FakeNetwork(Bytes.VocabularySize);
        using var model = new A3Model(network, Bytes);
        using var cancellation = new CancellationTokenSource();
        var steps = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var step in model.Prepare(Template.Parse(Story)).StepsAsync(cancellation.Token))
            {
                steps++;
                await cancellation.CancelAsync();
            }
        });
        Assert.Equal(1, steps);
        Assert.Equal(0, network.OpenSequences);
    }

    [Fact]
    public void Many_threads_share_one_model()
    {
        using var model = Model();
        var alone = Enumerable.Range(0, 32).Select(seed => model.Infill(Story, new() { Seed = seed }).Text).ToArray();
        var together = alone.AsParallel().AsOrdered().Select((_, seed) => model.Infill(Story, new() { Seed = seed }).Text).ToArray();

        Assert.Equal(alone, together);
        Assert.NotEqual(alone[0], alone[1]);
    }

    [Fact]
    public void Speculation_and_the_reference_algorithm_are_options()
    {
        using var model = Model();
        var greedy = new DecodingOptions { Sampling = SamplingOptions.Greedy };
        var plain = model.Infill(Story, greedy);
        var speculative = model.Infill(Story, greedy with { SpeculativeWindow = 4 });

        Assert.Equal(plain.Text, speculative.Text);
        Assert.InRange(speculative.ForwardPasses, 1, plain.ForwardPasses);
        Assert.Equal(plain.Text, model.Infill(Story, greedy with { Reference = true }).Text);
        Assert.Null(model.Infill(Story, new() { Reference = true, Policy = Policy.Parse("entropy | constant 3") }).Partition);
    }

    [Fact]
    public void A_checkpoint_without_query_stream_generates_and_scores_left_to_right()
    {
        using var model = Model(queryStream: false);
        var text = model.Generate("Tom had", 12, new() { Seed = 1 });

        Assert.StartsWith("Tom had", text.Text);
        Assert.Null(text.Partition);
        Assert.Equal("Tom had".Length + 12, model.ScoreCausal("Tom had" + new string('x', 12)).Bytes);
        Assert.Throws<RequestException>(() => model.Score("Tom had", Grouping.Parse("left-to-right | singletons")));
        Assert.Contains(
            "This checkpoint has no query stream",
            Assert.ThrowsAny<A3Exception>(() => model.Generate("Tom", 3, new() { Policy = Policy.Parse("confidence") })).Message);
        Assert.Contains("has text behind it", Assert.ThrowsAny<A3Exception>(() => model.Infill("Tom ___ red")).Message);
    }

    [Fact]
    public void The_causal_stream_ends_a_text_at_its_end_token()
    {
        using var model = Model();
        var ended = Enumerable.Range(0, 200)
            .Select(seed => model.Generate("Tom", 50, new() { Causal = true, Seed = seed }))
            .Where(text => text.Steps.Length < 50).ToArray();

        Assert.NotEmpty(ended);
        Assert.All(ended, text => Assert.True(Bytes.IsSpecial(text.Tokens[^1].Token)));
        Assert.All(ended, text => Assert.Equal(text.Steps.Length, text.Tokens.Count(token => token.Step is not null)));
    }

    [Fact]
    public void A_text_ends_at_an_end_token_behind_all_that_is_given()
    {
        using var model = Model();
        var ended = Enumerable.Range(0, 100)
            .Select(seed => model.Infill("Tom {8} ball. {40}", new() { Seed = seed }))
            .Where(text => text.Tokens[^1].Token == Bytes.EosId)
            .ToArray();

        Assert.NotEmpty(ended);
        Assert.All(ended, text =>
        {
            Assert.DoesNotContain(text.Tokens.SkipLast(1), token => token.Token == Bytes.EosId);
            Assert.Equal(text.Tokens.Length - 1, text.Tokens[^1].Position);
            Assert.EndsWith(text.Gaps[1].Text, text.Text);
            Assert.Equal(text.Tokens.Length, text.Partition!.Length);
            Assert.Equal(text.Tokens.Count(token => token.Step is not null), text.Steps.Sum(step => step.Tokens.Length));
            Assert.Equal(text.LogProbability, model.Score(text).LogProbability, 1e-9);
        });
    }

    [Fact]
    public void A_score_is_given_in_nats_bits_and_per_byte()
    {
        using var model = Model();
        var score = model.Score("Tom had a ball.", Grouping.Parse("random 3 | chunks 4"));

        Assert.Equal(15, score.Bytes);
        Assert.Equal(score.Tokens.Sum(token => token.LogProbability), score.LogProbability);
        Assert.Equal(-score.LogProbability / Math.Log(2) / 15, score.BitsPerByte, 1e-12);
        Assert.Equal(Math.Exp(-score.LogProbability / score.Tokens.Length), score.Perplexity, 1e-9);
        Assert.Equal(1, score.Partition!.EvidenceGroups);
        Assert.Contains("nothing to score", Assert.ThrowsAny<A3Exception>(() => model.ScoreCausal("")).Message);
    }

    [Fact]
    public void Options_that_exclude_each_other_are_refused_before_any_work()
    {
        using var network = new FakeNetwork(Bytes.VocabularySize);
        using var model = new A3Model(network, Bytes);
        var template = Template.Parse(Story);
        var adaptive = Policy.Parse("confidence | constant 2");

        string Refusal(DecodingOptions options) => Assert.ThrowsAny<A3Exception>(() => model.Prepare(template, options)).Message;

        Assert.Contains("known beforehand", Refusal(new() { Policy = adaptive, SpeculativeWindow = 3 }));
        Assert.Contains("known beforehand", Refusal(new() { Reference = true, SpeculativeWindow = 3 }));
        Assert.Contains("leave out policy", Refusal(new() { Causal = true, Policy = adaptive }));
        Assert.Contains("leave 'given' out", Refusal(new() { Policy = Policy.Fixed(Grouping.AllAtOnce.Given(20)) }));
        Assert.Throws<RequestException>(
            () => model.Prepare(template, new() { Policy = Policy.Parse("left-to-right | chunks 2"), SpeculativeWindow = 3 }));
        Assert.Throws<RequestException>(() => model.Prepare([1, 5], Partition.Parse("given 0 / 1"), new() { Policy = adaptive }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DecodingOptions { SpeculativeWindow = 1 });
        Assert.Equal(0, network.Passes);
    }

    [Theory]
    [InlineData("Tom ___ {2147483647}{2147483647}")]
    [InlineData("{64}")]
    [InlineData("Tom had a red ball. Tom had a red ball. Tom had a red ball. Tom had a red ball. xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public void A_template_longer_than_the_context_names_the_lengths_and_the_remedy(string template)
    {
        using var model = Model();

        Assert.Matches(
            @"^The template takes at least \d+ positions \(\d+ in gaps\), but the model's "
                + @"context holds 64; shorten the text or the gaps\.$",
            Assert.ThrowsAny<A3Exception>(() => model.Infill(template)).Message);
        Assert.Equal(63, model.Infill("{63}").Gaps[0].Length);
    }

    [Fact]
    public void A_disposed_model_says_so()
    {
        var model = Model();
        model.Dispose();
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.Infill(Story));
        Assert.Throws<ObjectDisposedException>(() => model.Score("Tom", Grouping.AllAtOnce));
        Assert.Throws<ObjectDisposedException>(() => model.ScoreCausal("Tom"));
    }
}

using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class SessionTests
{
    private static readonly Template Story = Template.Parse("Tom had a {6} ball. He was very {4}.");

    [Fact]
    public void A_session_stands_still_forks_and_goes_on()
    {
        using var model = TestModel.Fake();
        var run = model.Prepare(Story, new() { Policy = Policy.Parse("bisect | chunks 2"), Seed = 6 });
        using var session = run.Start();
        var first = session.Next()!;
        using var same = session.Fork();
        using var other = session.Fork(seed: 77);

        Assert.Equal(run.Complete().Text, session.Complete().Text);
        Assert.Equal(run.Complete().Text, same.Complete().Text);
        Assert.NotEqual(run.Complete().Text, other.Complete().Text);
        Assert.Equal(first.Tokens, other.Steps[0].Tokens);
        Assert.True(session.IsDone);
        Assert.Null(session.Next());
    }

    [Fact]
    public void Forks_of_a_prefilled_session_draw_what_runs_with_their_seeds_draw()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        using var evidence = model.Prepare(Story).Start();
        evidence.Prefill();
        using var batch = model.Together([.. Enumerable.Range(0, 5).Select(seed => evidence.Fork(seed))]);
        var texts = batch.Complete().Select(text => text.Text).ToArray();

        Assert.Equal(11, network.Passes);
        Assert.Equal(Enumerable.Range(0, 5).Select(seed => model.Infill(Story, new() { Seed = seed }).Text), texts);
        Assert.Throws<InvalidOperationException>(batch.Sessions[0].Prefill);
    }

    [Fact]
    public void Rows_of_a_batch_are_what_they_are_alone()
    {
        using var model = TestModel.Fake();
        DecodingRun[] runs =
        [
            model.Prepare(Story),
            model.Prepare(Template.Parse("{9}"), new() { Policy = Policy.Parse("entropy | constant 2"), Seed = 3 }),
            model.Prepare(Template.Parse("Tom had {5}"), new() { Causal = true }),
            model.Prepare(Template.Parse("Tom {2} had {7}"), new() { SpeculativeWindow = 3, Revision = new() { Share = 0.5 } }),
            model.Prepare(Template.Parse("no gap")),
        ];
        using var batch = model.Start(runs);
        var steps = batch.Steps().ToArray();

        Assert.Equal([.. runs.Select(run => run.Complete().Text)], batch.Complete().Select(text => text.Text));
        Assert.Equal([0, 1, 2, 3], steps.Select(step => step.Row).Distinct().Order());
        Assert.All(steps, step => Assert.All(step.Step.Tokens, token => Assert.NotNull(token.Text)));
        Assert.All(steps.GroupBy(step => step.Row), row =>
            Assert.Equal(row.Select(step => step.Step.Elapsed).Order(), row.Select(step => step.Step.Elapsed)));
    }

    [Fact]
    public void A_batch_that_does_not_fit_says_how_many_bytes_it_needs()
    {
        using var model = TestModel.Fake(options: new() { CacheLimit = 5000 });
        DecodingRun[] runs = [.. Enumerable.Repeat(model.Prepare(Template.Parse("{40}")), 2)];
        var error = Assert.ThrowsAny<A3Exception>(() => model.Start(runs));

        Assert.StartsWith("2 decodes together need 5248 bytes of cache, but 5000 are there for it", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>("CacheLimit", () => new LoadOptions { CacheLimit = 0 });
    }

    [Fact]
    public void Cancelling_leaves_a_batch_and_a_session_able_to_go_on()
    {
        using var model = TestModel.Fake();
        using var batch = model.Start([model.Prepare(Story), model.Prepare(Story, new() { Seed = 9 })]);
        using var source = new CancellationTokenSource();
        var seen = 0;

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var _ in batch.Steps(source.Token))
            {
                seen++;
                source.Cancel();
            }
        });
        Assert.InRange(seen, 1, 2);
        Assert.Equal(model.Prepare(Story).Complete().Text, batch.Complete()[0].Text);
    }

    [Theory]
    [InlineData("Tom had a {6} ball. He was very {4}.", "right-to-left | singletons")]
    [InlineData("{12}", "random 4 | chunks 3")]
    [InlineData("Tom {3}", "leftmost | constant 1")]
    public void Text_in_order_grows_to_the_text_and_never_holds_half_a_character(string template, string policy)
    {
        using var model = TestModel.Fake();

        for (var seed = 0; seed < 20; seed++)
        {
            var run = model.Prepare(Template.Parse(template), new() { Policy = Policy.Parse(policy), Seed = seed });
            var view = run.StreamText();
            var pieces = new List<string> { view.Push(null) };
            var steps = run.Steps().ToArray();
            pieces.AddRange(steps.Select(view.Push));
            pieces.Add(view.Finish());

            Assert.Equal(run.Complete(steps).Text, string.Concat(pieces));
            Assert.StartsWith(template[..template.IndexOf('{')].TrimEnd(), pieces[0]);
        }
    }

    [Fact]
    public void Half_a_character_waits_for_its_other_half()
    {
        using var model = TestModel.Fake();
        int[] snow = model.Tokenizer.Encode("a☃b", addBos: true);
        var partition = Partition.OfGroups([[0, 1], .. Enumerable.Range(2, snow.Length - 2).Select(position => new[] { position })], 1);
        var run = model.Prepare(snow, partition);
        var view = run.StreamText();
        var pieces = new List<string> { view.Push(null) };
        pieces.AddRange(Enumerable.Range(2, snow.Length - 2)
            .Select(position => view.Push(new(0, 0, [new(position, snow[position], 0, 0)]))));

        Assert.Equal("a☃b", string.Concat(pieces));
        Assert.Contains("", pieces);
        Assert.DoesNotContain(pieces, piece => piece.Contains('\uFFFD'));
    }

    [Fact]
    public void Whatever_was_disposed_of_says_so()
    {
        var model = TestModel.Fake();
        var run = model.Prepare(Story);
        var session = run.Start();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Next());
        Assert.Throws<ObjectDisposedException>(() => session.Fork());
        var open = run.Start();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => open.Next());
        Assert.Throws<ObjectDisposedException>(() => run.Complete());
        Assert.Throws<ObjectDisposedException>(() => model.Start([run]));
        Assert.Throws<ObjectDisposedException>(() => model.Rank(Story, [" a"]));
    }
}

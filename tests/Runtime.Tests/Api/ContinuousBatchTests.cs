using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>Rows that are done make room for others while a batch goes on.</summary>
public sealed class ContinuousBatchTests
{
    private static readonly Template Story = Template.Parse("Tom had a {6} ball. He was very {4}.");

    private static DecodingRun[] Runs(A3Model model) =>
    [
        model.Prepare(Template.Parse("Tom {20} had")),
        model.Prepare(Template.Parse("{3}"), new() { Seed = 1 }),
        model.Prepare(Template.Parse("{9}"), new() { Policy = Policy.Parse("entropy | constant 2"), Seed = 2 }),
        model.Prepare(Template.Parse("Tom had {5}"), new() { Causal = true, Seed = 3 }),
        model.Prepare(Template.Parse("no gap")),
        model.Prepare(Template.Parse("Tom {7}"), new() { SpeculativeWindow = 3, Revision = new() { Share = 0.5 }, Seed = 4 }),
        model.Prepare(Template.Parse("{2..5} had a {4}"), new() { Reference = true, Seed = 5 }),
        model.Prepare(Template.Parse("{4}"), new() { Policy = Policy.Parse("all-at-once"), Seed = 6 }),
    ];

    [Fact]
    public void A_row_that_takes_the_place_of_another_gets_the_text_it_gets_alone()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        var runs = Runs(model);
        var texts = new string[runs.Length];
        var begun = 0;
        var rows = new Dictionary<int, int>();
        using var batch = model.Together();

        void Replace()
        {
            foreach (var (row, number) in rows.Where(row => batch.Sessions[row.Key].IsDone).ToArray())
            {
                texts[number] = batch.Take(row).Text;
                rows.Remove(row);
            }

            for (; rows.Count < 3 && begun < runs.Length; begun++)
            {
                rows.Add(batch.Add(runs[begun].Start()), begun);
            }

            Assert.Equal((3, rows.Count), (batch.Sessions.Count, network.OpenSequences));
        }

        Replace();

        while (rows.Count > 0)
        {
            foreach (var _ in batch.Steps())
            {
                Replace();
            }

            Replace();
        }

        Assert.Equal([.. runs.Select(run => run.Complete().Text)], texts);
    }

    [Fact]
    public void A_decode_joins_in_the_middle_of_another_and_shares_its_passes()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        using var batch = model.Start(model.Prepare(Template.Parse("{12}")));
        var joined = -1;

        foreach (var step in batch.Steps())
        {
            if (step is { Row: 0, Step.Step: 4 })
            {
                joined = batch.Add(model.Prepare(Template.Parse("{5}"), new() { Seed = 8 }).Start());
            }
        }

        Assert.Equal((1, 12), (joined, network.Passes));
        Assert.Equal(model.Infill("{5}", new() { Seed = 8 }).Text, batch.Take(1).Text);
    }

    [Fact]
    public void A_session_that_does_not_fit_beside_the_others_is_refused_and_fits_when_one_was_taken()
    {
        using var model = TestModel.Fake(options: new() { CacheLimit = 5000 });
        using var batch = model.Start(model.Prepare(Template.Parse("{40}")));
        using var late = model.Prepare(Template.Parse("{40}"), new() { Seed = 2 }).Start();

        Assert.StartsWith("2 decodes together need 5248 bytes of cache", Assert.ThrowsAny<A3Exception>(() => batch.Add(late)).Message);
        Assert.Single(batch.Complete());
        Assert.ThrowsAny<A3Exception>(() => batch.Add(late));
        batch.Take(0);
        Assert.Equal(0, batch.Add(late));
        Assert.Equal(model.Infill("{40}", new() { Seed = 2 }).Text, Assert.Single(batch.Complete()).Text);
    }

    [Fact]
    public void Breaking_off_an_enumeration_loses_no_step_of_any_row()
    {
        using var model = TestModel.Fake();
        DecodingRun[] runs = [.. Enumerable.Range(0, 3).Select(seed => model.Prepare(Story, new() { Seed = seed }))];
        using var batch = model.Start(runs);

        for (var i = 0; i < 4; i++)
        {
            foreach (var _ in batch.Steps())
            {
                break;
            }
        }

        Assert.Equal([.. runs.Select(run => run.Complete().Text)], batch.Complete().Select(text => text.Text));
    }

    [Fact]
    public void A_row_is_taken_once_and_when_it_is_done()
    {
        using var model = TestModel.Fake();
        using var batch = model.Start(model.Prepare(Story), model.Prepare(Story, new() { Seed = 1 }));

        Assert.Contains("row 1 is not done", Assert.Throws<InvalidOperationException>(() => batch.Take(1)).Message);
        batch.Complete();
        batch.Take(1);
        Assert.Throws<ObjectDisposedException>(() => batch.Take(1));
        Assert.Equal([model.Infill(Story).Text], batch.Complete().Select(text => text.Text));
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Add(model.Prepare(Story).Start()));
        Assert.Throws<ObjectDisposedException>(() => batch.Take(0));
        Assert.Throws<ObjectDisposedException>(() => batch.Complete());
    }
}

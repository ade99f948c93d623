using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>What a session or a batch refuses has changed nothing: the decode gives the text it would have given.</summary>
public sealed class UnchangedTests
{
    private static readonly Template Story = Template.Parse("Tom had a {6} ball. He was very {4}.");

    private static readonly DecodingOptions[] Kinds =
    [
        new(),
        new() { Policy = Policy.Parse("entropy | constant 2") },
        new() { SpeculativeWindow = 3 },
        new() { Revision = new() { Share = 0.5 } },
        new() { Reference = true },
    ];

    private static FakeNetwork Network() => new(TestModel.Tokenizer.VocabularySize);

    private static T While<T>(FakeNetwork network, Action running, Func<T> meanwhile)
    {
        using var entered = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        network.OnPass = () =>
        {
            entered.Set();
            goOn.Wait();
        };
        var thread = Task.Run(running);
        entered.Wait();
        network.OnPass = null;
        try
        {
            return meanwhile();
        }
        finally
        {
            goOn.Set();
            thread.Wait();
        }
    }

    [Fact]
    public void A_session_or_batch_in_use_by_one_thread_refuses_another_but_can_be_read()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        var run = model.Prepare(Story);
        using var session = run.Start();
        session.Next();
        using var batch = model.Start(run, run);
        using var spare = run.Start();

        While(network, () => session.Next(), () =>
        {
            Assert.StartsWith("two threads use one session at once", Assert.Throws<InvalidOperationException>(() => session.Next()).Message);
            Assert.Throws<InvalidOperationException>(() => session.Fork());
            Assert.Throws<InvalidOperationException>(session.Prefill);
            Assert.Throws<InvalidOperationException>(() => session.Complete());
            Assert.Throws<InvalidOperationException>(() => batch.Add(session));
            Assert.Equal((false, 1, 1), (session.IsDone, session.Steps.Count, session.ForwardPasses));
            return 0;
        });
        While(network, () => batch.Steps().First(), () =>
        {
            Assert.StartsWith("two threads use one batch at once", Assert.Throws<InvalidOperationException>(() => batch.Steps().First()).Message);
            Assert.Throws<InvalidOperationException>(() => batch.Complete());
            Assert.Throws<InvalidOperationException>(() => batch.Add(spare));
            Assert.Throws<InvalidOperationException>(() => batch.Take(0));
            Assert.Throws<InvalidOperationException>(() => batch.Sessions[0].Next());
            Assert.Throws<InvalidOperationException>(() => batch.Sessions[1].Fork());
            return 0;
        });
        While(network, () => batch.Sessions[1].Next(), () => Assert.Throws<InvalidOperationException>(() => batch.Steps().First()));

        var text = run.Complete().Text;
        Assert.Equal(text, session.Complete().Text);
        Assert.Equal([text, text], batch.Complete().Select(row => row.Text));
    }

    [Fact]
    public async Task A_disposal_waits_for_the_pass_that_runs_and_nothing_is_left_open()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        var run = model.Prepare(Story);
        var session = run.Start();
        var batch = model.Start(run, run);
        Task[] disposals = [];

        While(network, () => session.Next(), () => disposals = [Disposed(session), Disposed(session)]);
        await Task.WhenAll(disposals);
        Assert.Single(session.Steps);
        While(network, () => batch.Steps().First(), () => disposals = [Disposed(batch), Disposed(batch.Sessions[0])]);
        await Task.WhenAll(disposals);
        Assert.All(batch.Sessions, row => Assert.Single(row.Steps));
        Assert.Equal(0, network.OpenSequences);
        Assert.Throws<ObjectDisposedException>(() => session.Next());
        Assert.Throws<ObjectDisposedException>(session.Prefill);
        Assert.Throws<ObjectDisposedException>(() => session.Complete());
        Assert.Throws<ObjectDisposedException>(() => batch.Steps());

        static Task Disposed(IDisposable used)
        {
            var disposal = Task.Run(used.Dispose);
            Assert.False(disposal.Wait(20));
            return disposal;
        }
    }

    [Fact]
    public void A_batch_and_a_session_may_be_disposed_of_within_their_enumeration()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        var run = model.Prepare(Story);
        var batch = model.Start(run, run);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            foreach (var _ in batch.Steps())
            {
                batch.Dispose();
            }
        });
        var unfinished = run.Steps().GetEnumerator();
        unfinished.MoveNext();
        Assert.Equal(1, network.OpenSequences);
        unfinished.Dispose();
        Assert.Equal(0, network.OpenSequences);
        Assert.False(unfinished.MoveNext());
    }

    [Fact]
    public async Task A_stream_that_is_broken_off_or_cancelled_leaves_nothing_open()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        var run = model.Prepare(Story);
        await foreach (var _ in run.StepsAsync())
        {
            break;
        }

        using var source = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in run.StepsAsync(source.Token))
            {
                await source.CancelAsync();
            }
        });
        Assert.Equal(0, network.OpenSequences);
    }

    [Fact]
    public void A_row_that_somebody_disposes_of_leaves_the_batch_and_the_others_never_notice()
    {
        using var model = TestModel.Fake();
        DecodingRun[] runs = [.. Enumerable.Range(0, 3).Select(seed => model.Prepare(Story, new() { Seed = seed }))];
        using var batch = model.Start(runs);
        batch.Steps().First();
        batch.Sessions[1].Dispose();

        Assert.Throws<ObjectDisposedException>(() => batch.Take(1));
        Assert.Equal([runs[0].Complete().Text, runs[2].Complete().Text], batch.Complete().Select(text => text.Text));
        Assert.Equal(1, batch.Add(runs[1].Start()));
        Assert.Equal(runs.Select(run => run.Complete().Text), batch.Complete().Select(text => text.Text));
    }

    [Fact]
    public void Prefilling_twice_or_with_nothing_open_does_nothing_and_after_a_step_is_refused()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        foreach (var kind in Kinds)
        {
            using var session = model.Prepare(Story, kind).Start();
            session.Prefill();
            session.Prefill();
            Assert.Equal(1, session.ForwardPasses);
            session.Next();
            var passes = session.ForwardPasses;
            Assert.Throws<InvalidOperationException>(session.Prefill);
            Assert.Equal(passes, session.ForwardPasses);
            Assert.Equal(model.Prepare(Story, kind).Complete().Text, session.Complete().Text);
            Assert.Throws<InvalidOperationException>(session.Prefill);
        }

        foreach (var options in Kinds.Append(new() { Causal = true }))
        {
            using var closed = model.Prepare(Template.Parse("Tom had a ball."), options).Start();
            closed.Prefill();
            Assert.Equal((true, 0), (closed.IsDone, closed.ForwardPasses));
            Assert.Equal("Tom had a ball.", closed.Complete().Text);
            Assert.Equal("Tom had a ball.", closed.Complete().Text);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_row_that_is_not_there_cannot_be_taken(int row)
    {
        using var model = TestModel.Fake();
        using var batch = model.Start(model.Prepare(Story), model.Prepare(Story));
        batch.Complete();
        var error = Assert.Throws<ArgumentOutOfRangeException>("row", () => batch.Take(row));
        Assert.StartsWith("the batch has 2 rows, counted from 0; give the row that Add returned.", error.Message);
        Assert.Equal(2, batch.Complete().Length);
    }

    [Fact]
    public void A_session_is_in_one_batch_of_its_own_model_once()
    {
        using var network = Network();
        using var model = new A3Model(network, TestModel.Tokenizer);
        using var other = TestModel.Fake();
        var run = model.Prepare(Story);
        using var batch = model.Together();
        using var session = run.Start();
        using var foreign = other.Prepare(Story).Start();

        Assert.StartsWith("sessions[1] is in a batch already", Assert.Throws<ArgumentException>(() => model.Together(session, session)).Message);
        Assert.StartsWith("sessions[1] is of another model", Assert.Throws<ArgumentException>(() => model.Together(session, foreign)).Message);
        Assert.StartsWith("session is of another model", Assert.Throws<ArgumentException>(() => batch.Add(foreign)).Message);
        Assert.StartsWith("runs[1] was prepared by another model", Assert.Throws<ArgumentException>(() => other.Start(other.Prepare(Story), run)).Message);
        Assert.Throws<ArgumentNullException>(() => batch.Add(null!));
        Assert.Throws<ArgumentNullException>(() => model.Together(session, null!));
        Assert.Equal(0, batch.Add(session));
        Assert.StartsWith("session is in a batch already", Assert.Throws<ArgumentException>(() => batch.Add(session)).Message);
        Assert.Throws<ArgumentException>(() => model.Together(session));
        session.Next();

        Assert.Equal(run.Complete().Text, Assert.Single(batch.Complete()).Text);
        Assert.Equal(1, network.OpenSequences);
    }

    [Fact]
    public void A_batch_that_fails_in_one_row_keeps_the_steps_of_the_others()
    {
        using var model = TestModel.Fake();
        var run = model.Prepare(Story);
        var failing = new FailingDecoder();
        var states = new[] { run.Plan.Start(), failing, run.Plan.Start() }.Select(decoder => new DecodeState(run.Plan.Network, decoder)).ToArray();
        using var pass = run.Plan.Network.NewPass();
        using var passes = DecodeLoop.RunPasses(states, pass, CancellationToken.None).GetEnumerator();

        Assert.True(passes.MoveNext());
        Assert.Equal([0, 2], passes.Current.Select(step => step.Index));
        Assert.Equal("cannot go on", Assert.ThrowsAny<A3Exception>(() => passes.MoveNext()).Message);
        Array.ForEach(states, state => state.Dispose());
    }

    private sealed class FailingDecoder : IDecoder
    {
        public int Capacity => 1;

        public bool IsDone => false;

        public PassRequest Request() => new(0, [new(0, 0, 0)], [new(1, 1)]);

        public CommittedGroup? Commit(PassPredictions predictions) => throw new A3Exception("cannot go on");

        public IDecoder Fork(Model.Seed? seed) => this;
    }
}

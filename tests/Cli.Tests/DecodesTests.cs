using Microsoft.FSharp.Core;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Many decodes, so many at a time, one taking the place of another.</summary>
public sealed class DecodesTests
{
    private const string Refused = "was never meant to begin";

    /// <summary>Gaps of so many tokens each, one step a token; 0 is one that cannot begin.</summary>
    private static IEnumerable<Tuple<int, FSharpResult<Waiting, string>>> Gaps(A3Model model, IEnumerable<int> lengths) =>
        lengths.Select((length, row) => Tuple.Create(row, length == 0
            ? FSharpResult<Waiting, string>.NewError(Refused)
            : FSharpResult<Waiting, string>.NewOk(Gap(model, length, row))));

    private static Waiting Gap(A3Model model, int length, int seed)
    {
        var run = model.Prepare(Template.Parse($"{{{length}}}"), new() { Seed = seed });
        return new(FuncConvert.FromFunc(run.Start), seed);
    }

    private static Tuple<int, FSharpResult<Decoded, string>>[] Decode(A3Model model, int together, params int[] lengths) =>
        [.. Decodes.inOrder(model, CancellationToken.None, together, Gaps(model, lengths))];

    private static string Text(FSharpResult<Decoded, string> result) => result.IsOk ? result.ResultValue.Text.Text : result.ErrorValue;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(100)]
    public void Results_come_in_order_and_are_those_of_each_alone_however_many_run_together(int together)
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        int[] lengths = [.. Enumerable.Range(0, 60).Select(row => row * 7 % 13)];
        var results = Decode(model, together, lengths);

        Assert.Equal(Enumerable.Range(0, 60), results.Select(result => result.Item1));
        Assert.Equal(0, network.OpenSequences);
        Assert.Equal(
            lengths.Select((length, row) => length == 0 ? Refused : model.Infill($"{{{length}}}", new() { Seed = row }).Text),
            results.Select(result => Text(result.Item2)));
    }

    [Fact]
    public void Short_decodes_take_turns_beside_a_long_one()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);

        Decode(model, 2, 20, 4, 4, 4, 4, 4);

        Assert.Equal(20, network.Passes);
    }

    [Fact]
    public void No_more_is_read_than_has_room_and_little_beyond_what_is_waited_for()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        var read = 0;
        var endless = Enumerable.Range(0, int.MaxValue).Select(row =>
        {
            Assert.InRange(network.OpenSequences, 0, 1);
            read++;
            return row == 0 ? 40 : 1;
        });
        var first = Decodes.inOrder(model, CancellationToken.None, 2, Gaps(model, endless)).First();

        Assert.Equal((0, 40), (first.Item1, first.Item2.ResultValue.Tokens));
        Assert.Equal(16, read);
    }

    [Fact]
    public void What_is_not_there_yet_is_waited_for_only_where_nothing_runs()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        var read = 0;
        var lengths = Enumerable.Range(0, 5).Select(_ =>
        {
            Assert.Equal(0, network.OpenSequences);
            read++;
            return 3;
        });
        var handed = Decodes.arriving(model, CancellationToken.None, 4, FuncConvert.FromFunc(() => false), Gaps(model, lengths))
            .Select(_ => read);

        Assert.Equal([1, 2, 3, 4, 5], handed);
    }

    [Fact]
    public void One_that_does_not_fit_in_memory_beside_others_waits_and_one_that_never_fits_fails_alone()
    {
        // 64 bytes a position; the longest has 31 with BOS.
        using var model = TestModel.Fake(options: new() { CacheLimit = 64 * 20 });
        var results = Decode(model, 4, 8, 8, 30, 8, 15);

        Assert.Equal([true, true, false, true, true], results.Select(result => result.Item2.IsOk));
        Assert.Matches(@"it needs \d+ bytes of cache, but 1280 are there", results[2].Item2.ErrorValue);
    }

    [Fact]
    public void Decodes_that_fail_together_are_done_each_alone()
    {
        using var model = new A3Model(new Crowded(new(TestModel.Tokenizer.VocabularySize)), TestModel.Tokenizer);
        using var calm = TestModel.Fake();
        int[] lengths = [8, 4, 6, 2, 3];

        Assert.Equal(
            lengths.Select((length, row) => calm.Infill($"{{{length}}}", new() { Seed = row }).Text),
            Decode(model, 3, lengths).Select(result => Text(result.Item2)));
    }

    [Fact]
    public void Cancelling_ends_the_sequence_between_passes()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer);
        using var source = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var _ in Decodes.inOrder(model, source.Token, 2, Gaps(model, Enumerable.Repeat(3, 100))))
            {
                source.Cancel();
            }
        });
        Assert.Equal((3, 0), (network.Passes, network.OpenSequences));
    }

    /// <summary>Runs no two sequences in one pass.</summary>
    private sealed class Crowded(FakeNetwork inner) : INetwork
    {
        public Model.Architecture Architecture => inner.Architecture;

        public long CacheMemory => inner.CacheMemory;

        public long CacheBytes(int capacity, int shared = 0) => inner.CacheBytes(capacity, shared);

        public ISequence Open(int capacity) => inner.Open(capacity);

        public IPass NewPass() => new Pass(inner.NewPass());

        public void Dispose() => inner.Dispose();

        private sealed class Pass(IPass inner) : IPass
        {
            public IPredictions Run(ReadOnlySpan<PassRows> batch) =>
                batch.Length == 1 ? inner.Run(batch) : throw new OutOfMemoryException();

            public void Dispose() => inner.Dispose();
        }
    }
}

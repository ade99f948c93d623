using Xunit;

namespace A3.Runtime.Tests.Api;

using A3.Model;

/// <summary>What caches take, asked for before any is made.</summary>
public sealed class CacheBudgetTests
{
    private static readonly Architecture Grouped = RandomNetwork.Kinds["grouped queries"];

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(64, 0, 1)]
    [InlineData(65, 0, 2)]
    [InlineData(200, 63, 4)]
    [InlineData(200, 64, 3)]
    [InlineData(200, 150, 2)]
    public void A_cache_on_the_cpu_takes_whole_pages_and_shares_those_that_are_full(int capacity, int shared, int pages)
    {
        using var network = RandomNetwork.Create(RandomNetwork.With(Grouped, context: 256));
        Assert.Equal(pages * network.CacheLayout.PageBytes, network.CacheBytes(capacity, shared));
        Assert.Equal(64 * 2 * 2 * (10 + network.CacheLayout.ValueStride) * sizeof(float), network.CacheLayout.PageBytes);
    }

    [Fact]
    public void Where_nothing_limits_them_caches_may_take_what_the_process_may_have_beside_the_weights()
    {
        using var loops = RandomNetwork.Create(Grouped);
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assert.Equal(all - 4 * ArchitectureModule.parameterCount(Grouped), loops.CacheMemory);
    }

    [Fact]
    public void Sessions_that_begin_to_run_together_must_fit_together()
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize);
        using var model = new A3Model(network, TestModel.Tokenizer, new() { CacheLimit = 5000 });
        var run = model.Prepare(Template.Parse("{40}"));
        using var first = run.Start();
        using var second = run.Start();
        Assert.StartsWith("2 decodes together need ", Assert.ThrowsAny<A3Exception>(() => model.Together(first, second)).Message);
        using var batch = model.Together(first);
        Assert.ThrowsAny<A3Exception>(() => batch.Add(second));
        Assert.Single(batch.Complete());
    }

    [Theory]
    [InlineData("Tom {1..5000} had a ball.", 10_000)]
    [InlineData("Tom {2..9} had a ball.", 2_000)]
    public void All_lengths_of_a_gap_are_counted_before_the_first_is_tried(string template, int limit)
    {
        using var network = new FakeNetwork(TestModel.Tokenizer.VocabularySize, context: 6000);
        using var model = new A3Model(network, TestModel.Tokenizer, new() { CacheLimit = limit });
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains(
            $"bytes of cache, but {limit} are there for it",
            Assert.ThrowsAny<A3Exception>(() => model.ChooseLengths(Template.Parse(template))).Message);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal(0, network.OpenSequences);
        using var ample = new A3Model(network, TestModel.Tokenizer, new() { CacheLimit = 100_000 });
        Assert.Single(ample.ChooseLengths(Template.Parse("Tom {2..9} had a ball.")).Choices);
    }
}

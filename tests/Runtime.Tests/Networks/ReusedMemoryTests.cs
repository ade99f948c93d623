using Xunit;

namespace A3.Runtime.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>Passes and pages of caches serve one decode after the other; nobody sees what the one before left in them.</summary>
public sealed class ReusedMemoryTests
{
    private const int Positions = 150;

    private static readonly Architecture Architecture = RandomNetwork.With(ArchitectureModule.create(97, 48, 2, 3, 256), headWidth: 20);

    [Fact(DisplayName = "12. Same seed, same output, whatever the memory of a sequence held before")]
    public void BitsOfUsedMemory()
    {
        using var network = RandomNetwork.Create(Architecture);
        var first = Texts(network, 1);

        for (var seed = 2; seed < 6; seed++)
        {
            Texts(network, seed);
        }

        Assert.Equal(first, Texts(network, 1));
    }

    [Fact]
    public void A_page_that_a_fork_holds_is_not_given_to_others()
    {
        using var network = RandomNetwork.Create(Architecture);
        var content = RandomNetwork.Content(new Random(1), [.. Enumerable.Range(0, Positions)], Architecture.Vocabulary);
        var query = new QueryRow[] { new(Positions, Positions) };

        var origin = network.Open(Positions + 1);
        origin.Forward(content, [], [], []);
        var fork = origin.Fork();
        var expected = Predict(fork);
        origin.Dispose();

        for (var seed = 0; seed < 3; seed++)
        {
            Texts(network, seed);
        }

        Assert.Equal(expected, Predict(fork));
        fork.Dispose();

        float[] Predict(ISequence sequence) => sequence.Run(Architecture.Vocabulary, [], query).Queries[0];
    }

    [Fact]
    public void A_cache_gives_its_pages_back_once()
    {
        var pages = new KeyValuePages(new KeyValueLayout(Architecture.Layers, Architecture.KvHeads, Architecture.HeadWidth));
        var cache = new KeyValueCache(pages, KeyValueLayout.PageRows);
        cache.Reserve(1);
        var used = Start(cache);
        cache.Close();
        cache.Close();

        var given = Enumerable.Range(0, 20).Select(_ =>
        {
            var next = new KeyValueCache(pages, KeyValueLayout.PageRows);
            next.Reserve(1);
            return Start(next);
        });
        Assert.Single(given, used);

        static unsafe nint Start(KeyValueCache cache) => (nint)cache.Head(0, 0).KeyPanel(0);
    }

    [Fact]
    public void A_pass_that_was_disposed_of_is_no_ones_any_more()
    {
        using var network = RandomNetwork.Create(Architecture);
        using var sequence = network.Open(2);
        var content = new ContentRow[] { new(0, 0, 0) };
        var pass = network.NewPass();
        pass.Dispose();
        pass.Dispose();

        using var next = network.NewPass();
        using var other = network.NewPass();
        Assert.Throws<ObjectDisposedException>(() => pass.Run([new(sequence, content, default)]));
        Assert.Equal(0, sequence.Length);
        next.Run([new(sequence, content, default)]);
        Assert.NotSame(next.Run([new(sequence, default, new QueryRow[] { new(1, 1) })]), other.Run([new(network.Open(2), content, default)]));
    }

    /// <summary>Several decodes at once, of any orders and lengths.</summary>
    private static string[] Texts(ManagedNetwork network, int seed) =>
    [
        .. Enumerable.Range(0, 4).AsParallel().AsOrdered().Select(text =>
        {
            var length = Positions - 30 * ((text + seed) % 4);
            var ranks = RandomNetwork.Ranks(new Random(10 * seed + text), length);
            var decoded = PartialSequence.ToDecode(network, new int[length], PartitionModule.ofRanks(0, ranks));
            var steps = GroupwiseDecoder.Decode(decoded, new SamplingOptions(), SeedModule.ofInt(seed + text));
            return string.Join(
                ' ', steps.SelectMany(step => step.Tokens).Select(token => $"{token.Position}:{token.Token}:{token.LogProbability:r}"));
        }),
    ];
}

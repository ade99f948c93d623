using Xunit;

namespace A3.Runtime.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

public sealed class ManagedNetworkTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Kinds => [.. RandomNetwork.Kinds.Keys];

    [Theory(DisplayName = "One pass over a whole sequence agrees with the double-precision network, content and queries")]
    [MemberData(nameof(Kinds))]
    public void AgreesWithTheNaiveNetwork(string kind)
    {
        var architecture = RandomNetwork.Kinds[kind];
        var random = new Random(2);
        using var network = RandomNetwork.Create(architecture);
        var naive = new NaiveNetwork(architecture, RandomNetwork.Weights(architecture));

        foreach (var positions in new[] { 1, 7, 37 })
        {
            var ranks = RandomNetwork.Ranks(random, positions);
            var content = RandomNetwork.Content(random, ranks, architecture.Vocabulary);
            random.Shuffle(content);
            var queries = RandomNetwork.Queries(ranks);
            using var sequence = network.Open(positions);
            AssertClose(naive.Forward(content, queries), sequence.Run(architecture.Vocabulary, content, queries));
        }
    }

    [Theory(DisplayName = "9. Cached decoding = uncached decoding, logits within 1e-4 in float32, at every step, any grouping.")]
    [MemberData(nameof(Kinds))]
    public void CachedEqualsUncached(string kind)
    {
        var architecture = RandomNetwork.Kinds[kind];
        var naive = new NaiveNetwork(architecture, RandomNetwork.Weights(architecture));
        using var network = RandomNetwork.Create(architecture);

        for (var seed = 0; seed < 3; seed++)
        {
            var random = new Random(seed);
            var ranks = RandomNetwork.Ranks(random, 24);
            var content = RandomNetwork.Content(random, ranks, architecture.Vocabulary);
            var (uncachedContent, uncachedQueries) = naive.Forward(content, RandomNetwork.Queries(ranks));
            using var sequence = network.Open(24);

            for (var rank = 0; rank <= ranks.Max(); rank++)
            {
                var committed = content.Where(row => row.Rank == rank - 1).ToArray();
                var open = RandomNetwork.Queries(ranks).Where(row => row.Rank == rank).ToArray();
                AssertClose(
                    ([.. committed.Select(row => uncachedContent[row.Position])],
                        [.. open.Select(row => uncachedQueries[row.Position])]),
                    sequence.Run(architecture.Vocabulary, committed, open));
            }
        }
    }

    [Theory(DisplayName = "5. No leak: changing a token of group >= k changes no query logits of group k (exactly zero difference).")]
    [MemberData(nameof(Kinds))]
    public void NoLeak(string kind)
    {
        var architecture = RandomNetwork.Kinds[kind];
        var random = new Random(3);
        var ranks = RandomNetwork.Ranks(random, 30);
        var content = RandomNetwork.Content(random, ranks, architecture.Vocabulary);
        using var network = RandomNetwork.Create(architecture);
        using var sequence = network.Open(30);
        var before = sequence.Run(architecture.Vocabulary, content, RandomNetwork.Queries(ranks)).Queries;

        for (var position = 0; position < ranks.Length; position++)
        {
            var changed = (ContentRow[])content.Clone();
            changed[position] =
                changed[position] with { Token = (content[position].Token + 1) % architecture.Vocabulary };
            sequence.Crop(0);
            var after = sequence.Run(architecture.Vocabulary, changed, RandomNetwork.Queries(ranks)).Queries;

            for (var other = 0; other < ranks.Length; other++)
            {
                if (ranks[position] >= ranks[other])
                {
                    Assert.Equal(before[other], after[other]);
                }
                else
                {
                    Assert.NotEqual(before[other], after[other]);
                }
            }
        }
    }

    [Theory(DisplayName = "8. Singletons left to right through the content stream = plain causal LLaMA with the same weights, logits and all.")]
    [MemberData(nameof(Kinds))]
    public void SingletonsLeftToRightAreCausal(string kind)
    {
        var architecture = RandomNetwork.Kinds[kind];
        var content = RandomNetwork.Content(new Random(4), [.. Enumerable.Range(0, 20)], architecture.Vocabulary);
        var causal = RandomNetwork.With(architecture, queryStream: QueryStream.Absent);
        var expected = new NaiveNetwork(causal, RandomNetwork.Weights(architecture)).Forward(content, []);
        using var twoStream = RandomNetwork.Create(architecture);
        using var plain = new ManagedNetwork(causal, RandomNetwork.Weights(architecture), threads: 1);
        using var sequence = twoStream.Open(20);
        using var plainSequence = plain.Open(20);

        var whole = sequence.Run(architecture.Vocabulary, content, []).Content;
        AssertClose(expected, (whole, []));
        foreach (var row in content)
        {
            var step = plainSequence.Run(architecture.Vocabulary, [row], []).Content;
            Assert.Equal(whole[row.Position], step[0]);
        }
    }

    [Fact(DisplayName = "A query row with nothing to attend to gets attention output 0: one and the same distribution at every position")]
    public void BlindRows()
    {
        var architecture = RandomNetwork.Kinds["grouped queries"];
        var naive = new NaiveNetwork(architecture, RandomNetwork.Weights(architecture));
        using var network = RandomNetwork.Create(architecture);
        using var sequence = network.Open(8);
        QueryRow[] blind = [new(0, 0), new(5, 0), new(40, 0)];
        ContentRow[] unseen = [new(1, 1, 0), new(2, 2, 1)];

        var empty = sequence.Run(architecture.Vocabulary, [], blind);
        AssertClose(naive.Forward([], blind), empty);
        Assert.Equal(empty.Queries[0], empty.Queries[1]);
        Assert.Equal(empty.Queries[0], empty.Queries[2]);
        Assert.Equal(empty.Queries, sequence.Run(architecture.Vocabulary, unseen, blind).Queries);
    }

    [Fact(DisplayName = "Query rows leave no trace, cropped rows are forgotten, and a fork goes on independently")]
    public void CropAndFork()
    {
        var architecture = RandomNetwork.Kinds["plain"];
        var random = new Random(5);
        var ranks = Enumerable.Range(0, 40).ToArray();
        var content = RandomNetwork.Content(random, ranks, architecture.Vocabulary);
        using var network = RandomNetwork.Create(architecture);
        using var straight = network.Open(40);
        using var other = network.Open(40);
        straight.Run(architecture.Vocabulary, content[..20], []);
        // One sees everything, the other only half of what was there before.
        QueryRow[] late = [new(35, 30), new(36, 10)];
        var expected = straight.Run(architecture.Vocabulary, content[20..30], late);

        other.Run(architecture.Vocabulary, content[..20], [new(21, 20), new(22, 20)]);
        using var fork = other.Fork();
        other.Run(architecture.Vocabulary, RandomNetwork.Content(random, ranks, architecture.Vocabulary)[20..37], []);
        Assert.Equal(37, other.Length);
        other.Crop(20);

        Assert.Equal(20, fork.Length);
        Assert.Equal(expected.Queries, fork.Run(architecture.Vocabulary, content[20..30], late).Queries);
        Assert.Equal(expected.Queries, other.Run(architecture.Vocabulary, content[20..30], late).Queries);
        Assert.Equal(30, fork.Length);
    }

    private static void AssertClose(
        (double[][] Content, double[][] Queries) expected, (float[][] Content, float[][] Queries) actual)
    {
        Assert.Equal(expected.Content.Length, actual.Content.Length);
        Assert.Equal(expected.Queries.Length, actual.Queries.Length);
        foreach (var (want, got) in expected.Content.Concat(expected.Queries)
            .Zip(actual.Content.Concat(actual.Queries)))
        {
            Assert.InRange(RandomNetwork.Difference(got, want), 0, Tolerance);
        }
    }
}

using Xunit;

namespace A3.Runtime.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>Law 12 on the CPU: the bits of a row do not depend on its company, on the threads or on other callers.</summary>
public sealed class ManagedBitsTests
{
    /// <summary>So wide that even the product of one row, 384 x 384 multiply-adds, is cut into more than one piece for the threads.</summary>
    private static readonly Architecture Architecture =
        RandomNetwork.With(ArchitectureModule.create(1031, 384, 2, 6, 128), kvHeads: 2);

    public static TheoryData<string> Kinds => [.. RandomNetwork.Kinds.Keys];

    [Theory(DisplayName = "12. Same seed, same output, whatever the batch the sequence sits in: a row has the same bits alone and among others")]
    [MemberData(nameof(Kinds))]
    public void RowsAreIndependent(string kind)
    {
        var architecture = RandomNetwork.Kinds[kind];
        var random = new Random(6);
        var ranks = RandomNetwork.Ranks(random, 50);
        var content = RandomNetwork.Content(random, ranks, architecture.Vocabulary);
        var evidence = content[..30];
        using var network = RandomNetwork.Create(architecture);
        using var sequence = network.Open(50);
        sequence.Run(architecture.Vocabulary, evidence, []);

        for (var count = 1; count <= 20; count++)
        {
            // Others come before and after, some visible to nobody here: their rank is the highest.
            var company = content[30..(30 + count)].Select(row => row with { Rank = 1000 }).ToArray();
            QueryRow[] queries = [.. Enumerable.Range(0, count).Select(i => new QueryRow(30 + i, random.Next(40)))];
            var chosen = random.Next(count);
            var together = Restart(sequence, 30).Run(architecture.Vocabulary, company, queries);
            var alone = Restart(sequence, 30).Run(architecture.Vocabulary, [], [queries[chosen]]);
            Assert.Equal(alone.Queries[0], together.Queries[chosen]);

            var own = company[chosen] with { Rank = 500 };
            var single = Restart(sequence, 30).Run(architecture.Vocabulary, [own], []);
            company[chosen] = own;
            var amid = Restart(sequence, 30).Run(architecture.Vocabulary, company, queries);
            Assert.Equal(single.Content[0], amid.Content[chosen]);
        }
    }

    [Fact(DisplayName = "A long causal prefill gives each row the bits it gets when the rows come in short pieces")]
    public void LongPasses()
    {
        var architecture = RandomNetwork.With(RandomNetwork.Kinds["odd sizes"], context: 600);
        var ranks = Enumerable.Range(0, 600).ToArray();
        var content = RandomNetwork.Content(new Random(13), ranks, architecture.Vocabulary);
        using var network = RandomNetwork.Create(architecture);
        using var whole = network.Open(600);
        using var pieces = network.Open(600);
        var expected = content.Chunk(90)
            .SelectMany(piece => pieces.Run(architecture.Vocabulary, piece, []).Content)
            .ToArray();
        Assert.Equal(expected, whole.Run(architecture.Vocabulary, content, []).Content);
    }

    [Theory(DisplayName = "The number of threads changes no bit")]
    [InlineData(2)]
    [InlineData(5)]
    public void ThreadsChangeNothing(int threads)
    {
        using var one = RandomNetwork.Create(Architecture, threads: 1);
        using var many = RandomNetwork.Create(Architecture, threads);
        Assert.Equal(Decode(one, seed: 7), Decode(many, seed: 7));
    }

    [Fact(DisplayName = "One network serves several threads at once, each with a sequence of its own")]
    public async Task ConcurrentSequences()
    {
        using var network = RandomNetwork.Create(Architecture, threads: 2);
        var expected = Enumerable.Range(0, 4).Select(seed => Decode(network, seed)).ToArray();
        var actual = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(seed => Task.Run(() => Decode(network, seed))));
        Assert.Equal(expected, actual);
    }

    [Fact(DisplayName = "A decode step allocates nothing once it is warm")]
    public void StepsDoNotAllocate()
    {
        using var network = RandomNetwork.Create(Architecture, threads: 2);
        using var sequence = network.Open(100);
        using var pass = network.NewPass();
        var (content, queries) = (new ContentRow[4], new QueryRow[4]);

        void Step(int step)
        {
            for (var i = 0; i < 4; i++)
            {
                content[i] = new ContentRow(i, 4 * step + i, step);
                queries[i] = new QueryRow(4 * step + 4 + i, step + 1);
            }

            pass.Run([new(sequence, content, queries)]);
        }

        // The runtime itself allocates now and then as methods are compiled, so one clean stretch of steps is the claim.
        var stretches = Enumerable.Range(0, 8).Select(stretch =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var step = 0; step < 3; step++)
            {
                Step(3 * stretch + step);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Contains(0L, stretches);
    }

    private static ISequence Restart(ISequence sequence, int length)
    {
        sequence.Crop(length);
        return sequence;
    }

    private static float[] Decode(ManagedNetwork network, int seed)
    {
        var random = new Random(seed);
        var ranks = RandomNetwork.Ranks(random, 70);
        var content = RandomNetwork.Content(random, ranks, Architecture.Vocabulary);
        using var sequence = network.Open(70);
        return
        [
            .. Enumerable.Range(0, ranks.Max() + 1).SelectMany(rank =>
            {
                var (contentLogits, queryLogits) = sequence.Run(
                    Architecture.Vocabulary,
                    [.. content.Where(row => row.Rank == rank - 1)],
                    [.. RandomNetwork.Queries(ranks).Where(row => row.Rank == rank)]);
                return contentLogits.Concat(queryLogits).SelectMany(row => row);
            }),
        ];
    }
}

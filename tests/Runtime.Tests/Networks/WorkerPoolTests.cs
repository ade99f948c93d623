using Xunit;

namespace A3.Runtime.Tests;

public sealed class WorkerPoolTests
{
    [Theory(DisplayName = "Each item is worked on exactly once, whatever the pool, the items and their cost")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EachItemOnce(int size)
    {
        using var pool = new WorkerPool(size);
        var random = new Random(12);

        for (var loop = 0; loop < 2000; loop++)
        {
            var counts = new int[random.Next(1, 300)];
            pool.Run(counts.Length, 1L << random.Next(0, 20), (worker, start, end) =>
            {
                Assert.InRange(worker, 0, size - 1);
                for (var item = start; item < end; item++)
                {
                    counts[item]++;
                }
            });
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Theory(DisplayName = "While one worker is busy others take the next pieces")]
    [InlineData(2)]
    [InlineData(5)]
    public void WorkIsShared(int size)
    {
        using var pool = new WorkerPool(size);
        var workers = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        pool.Run(64, 1 << 20, (worker, _, _) =>
        {
            workers[worker] = true;
            SpinWait.SpinUntil(() => workers.Count > 1, TimeSpan.FromSeconds(10));
        });

        Assert.InRange(workers.Count, 2, size);
    }

    [Fact(DisplayName = "Callers that find the pool taken work alone, and nobody's items are lost")]
    public async Task SeveralCallers()
    {
        using var pool = new WorkerPool(3);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            for (var loop = 0; loop < 500; loop++)
            {
                var counts = new int[100];
                pool.Run(counts.Length, 1 << 20, (_, start, end) =>
                {
                    for (var item = start; item < end; item++)
                    {
                        counts[item]++;
                    }
                });
                Assert.All(counts, count => Assert.Equal(1, count));
            }
        })));
    }

    [Theory(DisplayName = "A failure on any thread reaches the caller, and the pool goes on")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Failures(int size)
    {
        using var pool = new WorkerPool(size);
        for (var failing = 0; failing < 40; failing++)
        {
            var error = Assert.Throws<InvalidOperationException>(() => pool.Run(40, 1 << 20, (_, start, end) =>
            {
                Thread.SpinWait(1000);
                if (start <= failing && failing < end)
                {
                    throw new InvalidOperationException("lost");
                }
            }));
            Assert.Equal("lost", error.Message);

            var counts = new int[40];
            pool.Run(counts.Length, 1 << 20, (_, start, end) => counts.AsSpan(start, end - start).Fill(1));
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact(DisplayName = "A pool that slept wakes up, and one that was disposed of leaves the work to its caller")]
    public void SleepsAndEnds()
    {
        var pool = new WorkerPool(2);
        var done = 0;

        for (var loop = 0; loop < 5; loop++)
        {
            Thread.Sleep(5);
            pool.Run(64, 1 << 20, (_, start, end) => Interlocked.Add(ref done, end - start));
        }

        pool.Dispose();
        Thread.Sleep(5);
        pool.Run(64, 1 << 20, (_, start, end) => Interlocked.Add(ref done, end - start));
        Assert.Equal(6 * 64, done);
    }
}

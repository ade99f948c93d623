using A3.Tensors;

namespace A3.Torch.Training;

/// <summary>
/// Passes that need nothing of each other, side by side on the CPU, each with its share of the threads. Two passes by a thread each are done
/// sooner than the same two in turn by two threads, who wait for each other at every operation.
/// </summary>
internal sealed class Lanes
{
    private readonly int? share;

    /// <summary>So many lanes, among which the threads of the calling thread's operations are shared out.</summary>
    public Lanes(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (Count, share) = (count, count == 1 ? null : Math.Max(1, TorchThreads.count() / count));
    }

    /// <summary>Passes at a time.</summary>
    public int Count { get; }

    /// <summary>Until it is disposed of, operations of the calling thread have the share of a lane.</summary>
    public IDisposable? Limit() => share is int threads ? TorchThreads.limit(threads) : null;

    /// <summary>
    /// What the passes 0..passes-1 give, in that order; the first is run by the calling thread. What passes fail of is thrown when all are over.
    /// </summary>
    public T[] Run<T>(int passes, Func<int, T> pass)
    {
        var results = new T[passes];
        void Go(int lane)
        {
            using var threads = Limit();
            for (var i = lane; i < passes; i += Count)
            {
                results[i] = pass(i);
            }
        }

        var others = Enumerable.Range(1, Math.Max(0, Math.Min(Count, passes) - 1))
            .Select(lane => Task.Factory.StartNew(
                () => Go(lane),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))
            .ToArray();
        try
        {
            Go(0);
        }
        finally
        {
            ((IAsyncResult)Task.WhenAll(others)).AsyncWaitHandle.WaitOne();
        }

        foreach (var other in others)
        {
            other.GetAwaiter().GetResult();
        }

        return results;
    }
}

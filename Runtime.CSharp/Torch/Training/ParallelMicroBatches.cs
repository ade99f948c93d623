using A3.Tensors;

namespace A3.Torch.Training;

/// <summary>
/// Data-parallel micro-batches: passes that need nothing of each other, at a time on the CPU, each with its share of the threads. Two passes by
/// a thread each end sooner than the same two in turn by two threads, which wait for each other at every operation.
/// </summary>
internal sealed class ParallelMicroBatches
{
    private readonly int? share;

    /// <summary>So many at a time, among which the threads of the calling thread's operations are shared out.</summary>
    public ParallelMicroBatches(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (Count, share) = (count, count == 1 ? null : Math.Max(1, TorchThreads.count() / count));
    }

    /// <summary>Passes at a time.</summary>
    public int Count { get; }

    /// <summary>Until it is disposed of, operations of the calling thread have the share of one micro-batch.</summary>
    public IDisposable? Limit() => share is int threads ? TorchThreads.limit(threads) : null;

    /// <summary>
    /// What the passes 0..passes-1 give, in that order; the first is run by the calling thread. What passes fail of is thrown when all are over.
    /// </summary>
    public T[] Run<T>(int passes, Func<int, T> pass)
    {
        var results = new T[passes];
        void Go(int first)
        {
            using var threads = Limit();
            for (var i = first; i < passes; i += Count)
            {
                results[i] = pass(i);
            }
        }

        var others = Enumerable.Range(1, Math.Max(0, Math.Min(Count, passes) - 1))
            .Select(first => Task.Factory.StartNew(
                () => Go(first),
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

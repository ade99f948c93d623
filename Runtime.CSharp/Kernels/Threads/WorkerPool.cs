using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace A3.Kernels.Threads;

/// <summary>The calling thread and helper threads, which share the items of a loop in pieces.</summary>
/// <remarks>
/// A decode step is about thirty loops of 10 to 100 microseconds, too short to wake a thread for each: helpers spin
/// between loops and park when none comes. Pieces that a helper has not begun are taken over by others, so one that is late or descheduled
/// costs nothing. A caller that finds the pool in use by another runs its loop alone. Where a piece fails, the others are done all the same.
/// </remarks>
internal sealed class WorkerPool : IParallelFor, IDisposable
{
    /// <summary>Multiply-adds that make a piece worth sharing, about 3 microseconds of work.</summary>
    private const long PieceCost = 1 << 17;

    /// <summary>Pieces for each worker at most: enough to level out, few enough to read weights in long runs.</summary>
    private const int PiecesEach = 8;

    /// <summary>How long a helper spins for the next loop: longer than sampling a token takes, shorter than is noticed.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency / 5_000;

    private readonly Thread[] helpers;
    private readonly SemaphoreSlim wake = new(0);
    private readonly WorkQueues queues;

    private RangeWork? body;
    private Exception? failure;
    private int count;
    private int grain;
    private int parked;
    private int taken;
    private volatile bool stopping;

    /// <summary>A pool of so many workers, the calling thread included.</summary>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        queues = new WorkQueues(workers);
        helpers = new Thread[workers - 1];

        for (var i = 0; i < helpers.Length; i++)
        {
            var worker = i + 1;
            helpers[i] = new Thread(() => Help(worker)) { IsBackground = true, Name = $"A3 worker {worker}" };
            helpers[i].Start();
        }
    }

    public int Workers { get; }

    /// <inheritdoc/>
    public void Run(int items, long itemCost, RangeWork work)
    {
        var size = (int)Math.Clamp(PieceCost / Math.Max(1, itemCost), 1, Math.Max(1, items));
        size = Math.Max(size, items / (PiecesEach * Workers));
        var pieces = (items + size - 1) / size;

        if (pieces <= 1 || helpers.Length == 0 || Interlocked.CompareExchange(ref taken, 1, 0) != 0)
        {
            work(0, 0, items);
            return;
        }

        Share(work, items, size, pieces);
        var failed = Interlocked.Exchange(ref failure, null);
        Volatile.Write(ref taken, 0);
        if (failed is not null)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }

    /// <summary>Ends the helper threads; a loop that runs is finished by its caller.</summary>
    public void Dispose()
    {
        stopping = true;
        if (helpers.Length > 0)
        {
            wake.Release(helpers.Length);
        }
    }

    private void Share(RangeWork work, int items, int size, int pieces)
    {
        body = work;
        count = items;
        grain = size;
        var done = queues.Done + pieces;
        queues.Assign(pieces);

        if (Volatile.Read(ref parked) > 0)
        {
            wake.Release(Math.Max(1, Interlocked.Exchange(ref parked, 0)));
        }

        DoAll(worker: 0);
        var spinner = default(SpinWait);
        while (queues.Done < done)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        body = null;
    }

    private void Help(int worker)
    {
        var loop = 0L;
        var idleSince = Stopwatch.GetTimestamp();

        while (!stopping)
        {
            if (queues.LoopOf(worker) != loop)
            {
                loop = queues.LoopOf(worker);
                DoAll(worker);
                idleSince = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetTimestamp() - idleSince < SpinTicks)
            {
                Thread.SpinWait(4);
            }
            else
            {
                Park(worker, loop);
                idleSince = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>
    /// Sleeps until woken, unless a loop was started between the last look and the announcement of the sleep; the wake-up that
    /// the announcement then still gets only makes the helper spin once more.
    /// </summary>
    private void Park(int worker, long loop)
    {
        Interlocked.Increment(ref parked);
        if (queues.LoopOf(worker) == loop)
        {
            wake.Wait();
        }
    }

    private void DoAll(int worker)
    {
        while (queues.TryTake(worker, out var piece))
        {
            var start = piece * grain;
            try
            {
                body!(worker, start, Math.Min(count, start + grain));
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref failure, error, null);
            }

            queues.Finish(worker);
        }
    }
}

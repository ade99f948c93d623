using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace A3.Runtime.Networks.Managed;

/// <summary>Work on the items <paramref name="start"/> up to <paramref name="end"/>, by one of the team's workers.</summary>
internal delegate void TeamWork(int worker, int start, int end);

/// <summary>The caller and its helper threads, who share out the items of a loop in pieces.</summary>
/// <remarks>
/// A decode step is about thirty loops of 10 to 100 microseconds, too short to wake a thread for each: helpers spin
/// between loops and park when none comes. What a helper has not begun others take over, so one that is late or descheduled
/// costs nothing. A caller who finds the team taken by another works alone; results never depend on who did what. Where some piece fails,
/// the others are done all the same, and the caller hears of the failure.
/// </remarks>
internal sealed class WorkerTeam : IDisposable
{
    /// <summary>Multiply-adds that make a piece worth sharing, about 3 microseconds of work.</summary>
    private const long PieceCost = 1 << 17;

    /// <summary>Pieces for each worker at most: enough to level out, few enough to read weights in long runs.</summary>
    private const int PiecesEach = 8;

    /// <summary>How long a helper spins for the next loop: longer than sampling a token takes, shorter than anyone minds.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency / 5_000;

    private readonly Thread[] helpers;
    private readonly SemaphoreSlim wake = new(0);
    private readonly WorkerShares shares;

    private TeamWork? work;
    private Exception? failure;
    private int items;
    private int grain;
    private int parked;
    private int taken;
    private volatile bool stopping;

    /// <summary>A team of <paramref name="size"/> workers, the caller included.</summary>
    public WorkerTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        shares = new WorkerShares(size);
        helpers = new Thread[size - 1];

        for (var i = 0; i < helpers.Length; i++)
        {
            var worker = i + 1;
            helpers[i] = new Thread(() => Help(worker)) { IsBackground = true, Name = $"A3 worker {worker}" };
            helpers[i].Start();
        }
    }

    public int Size { get; }

    /// <summary>Runs the work over all items, each of which costs about <paramref name="itemCost"/> multiply-adds.</summary>
    public void Run(int itemCount, long itemCost, TeamWork body)
    {
        var size = (int)Math.Clamp(PieceCost / Math.Max(1, itemCost), 1, Math.Max(1, itemCount));
        size = Math.Max(size, itemCount / (PiecesEach * Size));
        var pieces = (itemCount + size - 1) / size;

        if (pieces <= 1 || helpers.Length == 0 || Interlocked.CompareExchange(ref taken, 1, 0) != 0)
        {
            body(0, 0, itemCount);
            return;
        }

        Share(body, itemCount, size, pieces);
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

    private void Share(TeamWork body, int itemCount, int size, int pieces)
    {
        work = body;
        items = itemCount;
        grain = size;
        var done = shares.Done + pieces;
        shares.Assign(pieces);

        if (Volatile.Read(ref parked) > 0)
        {
            wake.Release(Math.Max(1, Interlocked.Exchange(ref parked, 0)));
        }

        DoAll(worker: 0);
        var spinner = default(SpinWait);
        while (shares.Done < done)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        work = null;
    }

    private void Help(int worker)
    {
        var loop = 0L;
        var idleSince = Stopwatch.GetTimestamp();

        while (!stopping)
        {
            if (shares.LoopOf(worker) != loop)
            {
                loop = shares.LoopOf(worker);
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
        if (shares.LoopOf(worker) == loop)
        {
            wake.Wait();
        }
    }

    private void DoAll(int worker)
    {
        while (shares.TryTake(worker, out var piece))
        {
            var start = piece * grain;
            try
            {
                work!(worker, start, Math.Min(items, start + grain));
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref failure, error, null);
            }

            shares.Finish(worker);
        }
    }
}

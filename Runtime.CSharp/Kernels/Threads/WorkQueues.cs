namespace A3.Kernels.Threads;

/// <summary>The pieces of a running loop, a queue for each worker: it takes its own from the front, then those of others from the back.</summary>
/// <remarks>
/// A line of memory that two cores write travels between them each time, for up to half a microsecond where the cores are those of a
/// virtual machine. So each worker's words have lines of their own, and no worker looks at another's while it has pieces itself. Pieces
/// go to the same worker whenever a loop has as many of them: it then finds in its cache what it left there.
/// </remarks>
internal sealed class WorkQueues(int workers)
{
    private const int PieceBits = 20;
    private const long PieceMask = (1L << PieceBits) - 1;

    /// <summary>128 bytes: processors fetch lines in pairs.</summary>
    private const int Spacing = 16;

    /// <summary>Of each worker: loop number, next piece and end in one word, so that a claim can only succeed for the loop it read; pieces done.</summary>
    private readonly long[] words = new long[(workers + 1) * Spacing];

    /// <summary>Pieces done in all loops.</summary>
    public long Done
    {
        get
        {
            var sum = 0L;
            for (var worker = 0; worker < workers; worker++)
            {
                sum += Volatile.Read(ref DoneBy(worker));
            }

            return sum;
        }
    }

    /// <summary>The last loop in which this worker got a share.</summary>
    public long LoopOf(int worker) => Volatile.Read(ref Left(worker)) >>> (2 * PieceBits);

    /// <summary>Begins the next loop: the body and its items are to be written before.</summary>
    public void Assign(int pieces)
    {
        var loop = LoopOf(0) + 1;
        for (var worker = workers - 1; worker >= 0; worker--)
        {
            long first = (long)pieces * worker / workers, end = (long)pieces * (worker + 1) / workers;
            Interlocked.Exchange(ref Left(worker), (loop << (2 * PieceBits)) | (first << PieceBits) | end);
        }
    }

    /// <summary>The next piece for a worker; none if all are taken.</summary>
    public bool TryTake(int worker, out int piece)
    {
        if (TryTakeFrom(worker, fromFront: true, out piece))
        {
            return true;
        }

        for (var other = 1; other < workers; other++)
        {
            if (TryTakeFrom((worker + other) % workers, fromFront: false, out piece))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A worker has done a piece.</summary>
    public void Finish(int worker) => Volatile.Write(ref DoneBy(worker), DoneBy(worker) + 1);

    private bool TryTakeFrom(int worker, bool fromFront, out int piece)
    {
        while (true)
        {
            var seen = Volatile.Read(ref Left(worker));
            var next = (seen >> PieceBits) & PieceMask;
            var end = seen & PieceMask;
            piece = (int)(fromFront ? next : end - 1);

            if (next >= end)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref Left(worker), fromFront ? seen + (1L << PieceBits) : seen - 1, seen) == seen)
            {
                return true;
            }
        }
    }

    private ref long Left(int worker) => ref words[(worker + 1) * Spacing];

    private ref long DoneBy(int worker) => ref words[((worker + 1) * Spacing) + 1];
}

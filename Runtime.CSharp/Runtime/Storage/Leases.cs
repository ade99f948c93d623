using System.Diagnostics.CodeAnalysis;

namespace A3.Runtime.Storage;

/// <summary>Who uses something just now: nobody begins once it is closed, and closing it waits for those who have begun.</summary>
/// <remarks>Safe for any number of threads. A holder of a lease must not close what it holds.</remarks>
/// <param name="noun">What is used, for messages.</param>
/// <param name="most">How many may use it at once.</param>
internal sealed class Leases(string noun, int most = int.MaxValue)
{
    private readonly object gate = new();
    private int taken;
    private bool closed;

    /// <summary>Whether nobody may begin any more.</summary>
    public bool IsClosed
    {
        get
        {
            lock (gate)
            {
                return closed;
            }
        }
    }

    /// <summary>Until the lease is disposed of, <see cref="Close"/> waits.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    /// <exception cref="InvalidOperationException">As many as may use it at once use it.</exception>
    public Lease Take(object owner)
    {
        ObjectDisposedException.ThrowIf(!TryTake(out var lease), owner);
        return lease.Value;
    }

    /// <summary>As <see cref="Take"/>; false where it was closed.</summary>
    /// <exception cref="InvalidOperationException">As many as may use it at once use it.</exception>
    public bool TryTake([NotNullWhen(true)] out Lease? lease)
    {
        lock (gate)
        {
            lease = null;
            if (closed)
            {
                return false;
            }

            if (taken == most)
            {
                throw new InvalidOperationException($"two threads use one {noun} at once; give each its own.");
            }

            taken++;
            lease = new(this);
            return true;
        }
    }

    /// <summary>Nobody begins from now on; returns when nobody is left. True for the first who closes it, who frees what it holds.</summary>
    public bool Close()
    {
        lock (gate)
        {
            var isFirst = !closed;
            closed = true;
            while (taken > 0)
            {
                Monitor.Wait(gate);
            }

            return isFirst;
        }
    }

    private void Return()
    {
        lock (gate)
        {
            if (--taken == 0)
            {
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>One use; to be disposed of once.</summary>
    internal readonly struct Lease(Leases leases) : IDisposable
    {
        public void Dispose() => leases.Return();
    }
}

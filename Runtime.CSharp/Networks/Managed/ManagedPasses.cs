using System.Collections.Concurrent;

namespace A3.Runtime;

/// <summary>
/// The passes of a network: who asks for one gets one that another gave back, with its buffers. The first touch of new memory takes
/// microseconds a page; a decode that began with new buffers lost as much time by it as by several steps.
/// </summary>
internal sealed class ManagedPasses(ManagedNetwork network)
{
    /// <summary>Passes that are kept, and numbers that one may hold: a large batch's buffers are the collector's.</summary>
    private const int Most = 4, MostNumbers = 1 << 22;

    private readonly ConcurrentStack<ManagedPass> spare = [];

    /// <summary>A pass until it is disposed of.</summary>
    public IPass Take() => new Loan(this, spare.TryPop(out var pass) ? pass : new ManagedPass(network));

    private void GiveBack(ManagedPass pass)
    {
        if (spare.Count < Most && pass.Numbers <= MostNumbers)
        {
            spare.Push(pass);
        }
    }

    private sealed class Loan(ManagedPasses owner, ManagedPass pass) : IPass
    {
        private Occupancy occupancy;

        public IPredictions Run(ReadOnlySpan<PassRows> batch)
        {
            occupancy.Enter(this, "pass");
            try
            {
                return pass.Run(batch);
            }
            finally
            {
                occupancy.Leave();
            }
        }

        public void Dispose()
        {
            if (occupancy.Close())
            {
                owner.GiveBack(pass);
            }
        }
    }
}

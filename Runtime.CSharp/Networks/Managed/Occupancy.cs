namespace A3.Runtime;

/// <summary>
/// Whether something is used just now whose memory goes to the next who needs it once it is disposed of. One user at a time: where he is
/// disturbed by a disposal, the memory goes to nobody else.
/// </summary>
internal struct Occupancy
{
    private const int Free = 0, Taken = 1, Closed = 2;

    private int state;

    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public void Enter(object owner, string noun)
    {
        var seen = Interlocked.CompareExchange(ref state, Taken, Free);
        ObjectDisposedException.ThrowIf(seen == Closed, owner);
        if (seen == Taken)
        {
            throw new InvalidOperationException($"two threads use one {noun} at once; give each its own.");
        }
    }

    public void Leave() => Interlocked.CompareExchange(ref state, Free, Taken);

    /// <summary>Nobody uses it from now on; true, once, where nobody does just now.</summary>
    public bool Close() => Interlocked.Exchange(ref state, Closed) == Free;
}

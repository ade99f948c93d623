namespace A3.Runtime.Networks;

/// <summary>Memory for the caches of decodes that run together, on the device that holds them.</summary>
/// <param name="network">Whose caches they are.</param>
/// <param name="limit">Bytes; null for what the device has.</param>
internal sealed class CacheBudget(INetwork network, long? limit = null)
{
    /// <summary>Decodes with room for so many positions each must fit together.</summary>
    /// <exception cref="A3Exception">They do not; the message says how many bytes they need.</exception>
    public void Require(IReadOnlyCollection<int> capacities) =>
        Require(capacities.Count, capacities.Sum(capacity => network.CacheBytes(capacity)));

    /// <summary>Whether decodes with room for so many positions each fit together.</summary>
    public bool Holds(IEnumerable<int> capacities) => capacities.Sum(capacity => network.CacheBytes(capacity)) <= There;

    /// <summary>Forks of a decode that has so many positions cached, which go on to so many each, must fit together and beside it.</summary>
    /// <exception cref="A3Exception">They do not; the message says how many bytes they need.</exception>
    public void RequireForks(int cached, IReadOnlyCollection<int> capacities) => Require(
        capacities.Count, network.CacheBytes(cached) + capacities.Sum(capacity => network.CacheBytes(capacity, cached)));

    private long There => limit ?? network.CacheMemory;

    private void Require(int count, long bytes)
    {
        var there = There;
        if (bytes > there)
        {
            throw new A3Exception(count == 1
                ? $"it needs {bytes} bytes of cache, but {there} are there for it; shorten the text or the gaps."
                : $"{count} decodes together need {bytes} bytes of cache, but {there} are there for it; start "
                    + "fewer at a time, or shorter ones.");
        }
    }
}

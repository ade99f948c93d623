namespace A3.Runtime;

/// <summary>Memory for the caches of decodes that run together.</summary>
internal sealed record CacheBudget(long Limit, long BytesPerPosition)
{
    /// <summary>What the options of a model allow; all that the process may have where they say nothing.</summary>
    public static CacheBudget Of(Model.Architecture architecture, LoadOptions? options) => new(
        options?.CacheLimit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Model.ArchitectureModule.cacheBytesPerToken(
            options is null or { Precision: NumberType.Float32 } ? 4 : 2, architecture));

    /// <summary>Decodes with room for so many positions each must fit together.</summary>
    /// <exception cref="A3Exception">They do not; the message says how many bytes they need.</exception>
    public void Require(IReadOnlyCollection<int> capacities)
    {
        var bytes = capacities.Sum(capacity => capacity * BytesPerPosition);

        if (bytes > Limit)
        {
            throw new A3Exception(
                $"{capacities.Count} decodes together need {bytes} bytes of cache, but {Limit} are there for it; start "
                + "fewer at a time, or shorter ones.");
        }
    }
}

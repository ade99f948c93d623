using A3.Model;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class ShuffledOrderTests
{
    [Fact]
    public void ForEveryCountTheEntriesAreTheNumbersBelowItEachOnce()
    {
        foreach (var count in Enumerable.Range(1, 130).Append(4096).Append(4097))
        {
            var order = Order(count, seed: count);
            Assert.Equal(Enumerable.Range(0, count), Enumerable.Range(0, count).Select(index => (int)order[index]).Order());
        }
    }

    [Fact]
    public void TheSameSeedGivesTheSameOrderAndAnotherSeedAnother()
    {
        long[] Entries(long seed) => [.. Enumerable.Range(0, 1000).Select(index => Order(1000, seed)[index])];
        Assert.Equal(Entries(1), Entries(1));
        Assert.NotEqual(Entries(1), Entries(2));
    }

    /// <summary>24 orders over 24,000 seeds: each is expected 1000 times with a deviation of 31.</summary>
    [Fact]
    public void EveryOrderIsAboutEquallyLikely()
    {
        var counts = Enumerable.Range(0, 24_000)
            .Select(seed => Order(4, seed))
            .CountBy(order => string.Join(' ', Enumerable.Range(0, 4).Select(index => order[index])))
            .ToArray();
        Assert.Equal(24, counts.Length);
        Assert.All(counts, entry => Assert.InRange(entry.Value, 840, 1160));
    }

    [Fact]
    public void NeighboursOfAHugeOrderLieAnywhereAndAreFoundAtOnce()
    {
        const long Count = 3_000_000_000_000;
        var order = Order(Count, seed: 5);
        var entries = Enumerable.Range(0, 4000).Select(index => order[Count - 1 - index]).ToArray();
        Assert.Equal(4000, entries.Distinct().Count());
        Assert.All(entries, entry => Assert.InRange(entry, 0, Count - 1));
        Assert.InRange(entries.Average() / Count, 0.47, 0.53);
    }

    [Fact]
    public void AnIndexBeyondTheCountIsAnError() => Assert.Throws<ArgumentOutOfRangeException>(() => Order(3, 1)[3]);

    private static ShuffledOrder Order(long count, long seed) => new(count, SeedModule.ofInt64(seed));
}

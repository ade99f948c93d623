using System.Numerics;
using A3.Model;

namespace A3.Torch.Data;

/// <summary>
/// A permutation of 0..count-1 drawn by a seed, as a function: any entry is computed on its own, and nothing is stored, however
/// many entries there are.
/// </summary>
/// <remarks>
/// A balanced Feistel network (Luby and Rackoff 1988) permutes the numbers of an even number of bits; what falls beyond the count is
/// sent through it again until it falls below (cycle walking, Black and Rogaway 2002), which takes under four rounds on average.
/// Law: for every count and seed, the entries 0..count-1 are the numbers 0..count-1, each once.
/// </remarks>
internal sealed class ShuffledOrder
{
    private const int Rounds = 8;

    private readonly long count;
    private readonly int half;
    private readonly Seed[] keys;

    public ShuffledOrder(long count, Seed seed)
    {
        this.count = count;
        half = (65 - BitOperations.LeadingZeroCount((ulong)Math.Max(1, count - 1))) / 2;
        keys = [.. Enumerable.Range(0, Rounds).Select(round => SeedModule.derive(round, seed))];
    }

    /// <summary>The number at an index, both in 0..count-1.</summary>
    public long this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
            do
            {
                index = Permuted(index);
            }
            while (index >= count);
            return index;
        }
    }

    private long Permuted(long number)
    {
        var mask = (1L << half) - 1;
        var (left, right) = (number >> half, number & mask);
        foreach (var key in keys)
        {
            (left, right) = (right, left ^ ((long)SeedModule.bits(SeedModule.derive(right, key)) & mask));
        }

        return (left << half) | right;
    }
}

using FsCheck;
using FsCheck.Fluent;

namespace A3.Tests;

using A3.Model;

/// <summary>Tokens, a partition with some evidence, and a seed.</summary>
public sealed record DecodingCase(int[] Tokens, int[] Ranks, int Evidence, int Seed)
{
    public const int Vocabulary = 7;

    internal Partition Partition => PartitionModule.ofRanks(Evidence, Ranks);

    internal Seed RunSeed => SeedModule.ofInt(Seed);

    internal PartialSequence ToDecode(INetwork network) => PartialSequence.ToDecode(network, Tokens, Partition);

    public override string ToString() =>
        $"tokens [{string.Join(" ", Tokens)}], ranks [{string.Join(" ", Ranks)}], {Evidence} evidence groups, seed "
        + $"{Seed}";

    /// <summary>
    /// Any ordered partition of 1 to 12 positions with any number of evidence groups; shrinks by dropping positions and
    /// evidence.
    /// </summary>
    public static Arbitrary<DecodingCase> Arbitrary { get; } = Arb.From(
        from length in Gen.Choose(1, 12)
        from tokens in Gen.Choose(0, Vocabulary - 1).ArrayOf(length)
        from groups in Gen.Choose(1, length)
        from ranks in Gen.Choose(0, groups - 1).ArrayOf(length)
        from evidence in Gen.Choose(0, ranks.Distinct().Count())
        from seed in Gen.Choose(0, 1000)
        select new DecodingCase(tokens, ranks, evidence, seed),
        Shrink);

    /// <summary>One case of a length, with BOS-like evidence in the first group.</summary>
    public static DecodingCase Random(int seed, int positions, int vocabulary)
    {
        var random = SeedModule.ofInt(seed);
        int Draw(int use, int position, int count) =>
            SeedModule.below(count, SeedModule.derive(use, SeedModule.derive(position, random)));

        int[] ranks = [.. Enumerable.Range(0, positions).Select(position => Draw(1, position, 9))];
        return new(
            [.. Enumerable.Range(0, positions).Select(position => Draw(0, position, vocabulary))],
            ranks,
            Math.Min(1 + Draw(2, 0, 4), ranks.Distinct().Count()),
            seed);
    }

    /// <summary>The tokens with drawn ones in their places.</summary>
    public static int[] Filled(int[] tokens, IEnumerable<DecodedToken> drawn)
    {
        int[] filled = [.. tokens];

        foreach (var token in drawn)
        {
            filled[token.Position] = token.Token;
        }

        return filled;
    }

    /// <summary>Checks a claim about every case.</summary>
    public static void ForAll(Action<DecodingCase> claim) =>
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Arbitrary, claim));

    private static IEnumerable<DecodingCase> Shrink(DecodingCase given)
    {
        if (given.Evidence > 0)
        {
            yield return given with { Evidence = given.Evidence - 1 };
        }

        for (var dropped = 0; dropped < given.Tokens.Length && given.Tokens.Length > 1; dropped++)
        {
            int[] ranks = [.. given.Ranks.Where((_, position) => position != dropped)];

            yield return given with
            {
                Tokens = [.. given.Tokens.Where((_, position) => position != dropped)],
                Ranks = ranks,
                Evidence = Math.Min(given.Evidence, ranks.Distinct().Count()),
            };
        }
    }
}

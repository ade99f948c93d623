using System.Collections.Immutable;

namespace A3.Bench;

using A3.Model;

/// <summary>The ratios that decoding is judged by, and their goals on two cores for two shapes of random weights.</summary>
internal static class DecodeGoals
{
    /// <summary>The ratios of methods that were measured.</summary>
    /// <param name="architecture">Decides which goals hold; null where none was set: they are for the CPU's own loops.</param>
    /// <param name="positions">Likewise.</param>
    /// <param name="rounds">In each round, the speed of each method by its name.</param>
    /// <param name="causalShares">In each round, the share of the memory's speed that causal decoding reached.</param>
    public static ImmutableArray<RatioFigures> Ratios(
        Architecture? architecture,
        int positions,
        IReadOnlyList<IReadOnlyDictionary<string, double>> rounds,
        IEnumerable<double> causalShares)
    {
        var small = IsShape(architecture, 288, 6);
        var (one, four) = (DecodeMethods.Groups(1), DecodeMethods.Groups(4));
        (string Name, string Above, string Below, double? Goal)[] pairs =
        [
            ("groups of 4 / uncached, as published", four, DecodeMethods.Uncached, small ? AgainstUncached(positions) : null),
            ("groups of 4 / uncached, groups of 4", four, DecodeMethods.Recomputed, null),
            ("groups of 4, 4x as many positions open / groups of 4", DecodeMethods.Ahead, four, small ? 0.9 : null),
            ("groups of 4 / groups of 1", four, one, small ? 3.3 : null),
            ("groups of 1 / causal", one, DecodeMethods.Causal, small ? 0.9 : null),
        ];

        return
        [
            .. pairs
                .Where(pair => rounds[0].ContainsKey(pair.Above) && rounds[0].ContainsKey(pair.Below))
                .Select(pair => new RatioFigures(
                    pair.Name, Spread.Of(rounds.Select(round => round[pair.Above] / round[pair.Below])), pair.Goal)),
            new("causal / memory-bandwidth limit", Spread.Of(causalShares), IsShape(architecture, 768, 12) ? 0.7 : null),
        ];
    }

    private static bool IsShape(Architecture? architecture, int width, int layers) =>
        architecture is not null && (architecture.Width, architecture.Layers, architecture.Vocabulary) == (width, layers, 32000);

    private static double? AgainstUncached(int positions) => positions switch
    {
        >= 1024 => 30,
        >= 256 => 10,
        _ => null,
    };
}

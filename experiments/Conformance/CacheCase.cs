using A3.Runtime.Decoding;
using A3.Runtime.Networks;

namespace A3.Conformance;

using A3.Model;

/// <summary>Law 9 on the weights at hand: cached decoding equals uncached decoding under any grouping.</summary>
internal static class CacheCase
{
    private const int Longest = 64;

    /// <summary>
    /// Greedy decodes of one sequence of which position 0 is given: the largest difference of two log-probabilities, or
    /// infinity where a token differs.
    /// </summary>
    public static ConformanceCase Run(
        Grouping grouping,
        string backend,
        INetwork network,
        CancellationToken cancellation)
    {
        var length = Math.Min(network.Architecture.Context, Longest);
        var partition = GroupingModule.resolve(SequenceLayoutModule.given([0], SequenceLayoutModule.ofLength(length)), grouping);
        var tokens = Enumerable.Range(0, length).Select(position => (position * 7 + 1) % network.Architecture.Vocabulary);
        var sequence = PartialSequence.ToDecode(network, [.. tokens], partition);
        var seed = SeedModule.ofInt(0);
        var cached = GroupwiseDecoder.Decode(sequence, SamplingOptions.Greedy, seed, cancellation);
        var uncached = UncachedDecoder.Decode(sequence, SamplingOptions.Greedy, seed, cancellation);
        var difference = cached.SelectMany(step => step.Tokens)
            .Zip(uncached.SelectMany(step => step.Tokens), Difference)
            .Append(0)
            .Max();
        return new($"cached = uncached: {GroupingModule.print(grouping)}", backend, difference, ConformanceCase.Tolerance);
    }

    private static double Difference(DecodedToken one, DecodedToken other) =>
        one.Position == other.Position && one.Token == other.Token
            ? Math.Abs(one.LogProbability - other.LogProbability)
            : double.PositiveInfinity;
}

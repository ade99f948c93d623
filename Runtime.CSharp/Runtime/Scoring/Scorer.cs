using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Scoring;

using A3.Model;

/// <summary>log p(targets | evidence), token by token, of one text or of many side by side.</summary>
internal static class Scorer
{
    /// <summary>
    /// Scores the targets of a sequence under its partition, by ascending position; evidence is not scored.
    /// </summary>
    public static ImmutableArray<TokenScore> Score(
        PartialSequence sequence, PositionConstraints? constraints = null, CacheBudget? budget = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return ScoreAll(sequence.Network, [Of(sequence, constraints)], cancellation, budget)[0];
    }

    /// <summary>
    /// Scores the tokens from <paramref name="given"/> on, left to right through the content stream (law 8).
    /// </summary>
    /// <exception cref="ArgumentException">Too many tokens, or one that is not of the vocabulary.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Nothing is given: the first token has no prediction.</exception>
    public static ImmutableArray<TokenScore> ScoreCausal(
        INetwork network,
        ReadOnlySpan<int> tokens,
        int given = 1,
        CacheBudget? budget = null,
        CancellationToken cancellation = default) =>
        ScoreAll(network, [OfCausal(network, tokens, given)], cancellation, budget)[0];

    /// <summary>What <see cref="Score"/> does, ready to run among others.</summary>
    public static QueryScoring Of(PartialSequence sequence, PositionConstraints? constraints = null)
    {
        int[] tokens = [.. sequence.Tokens];
        var ranks = PartitionModule.groupOf(sequence.Partition);
        ContentRow[] targets =
        [
            .. Enumerable.Range(0, tokens.Length)
                .Where(position => ranks[position] >= sequence.FirstTarget)
                .Select(position => new ContentRow(tokens[position], position, ranks[position])),
        ];
        return new(
            PartitionRows.ContentBefore(sequence.GroupCount - 1, tokens, sequence.Partition),
            targets,
            DecodeLoop.RowsPerPass(sequence.Vocabulary),
            constraints);
    }

    /// <summary>What <see cref="ScoreCausal"/> does, ready to run among others.</summary>
    public static CausalScoring OfCausal(INetwork network, ReadOnlySpan<int> tokens, int given = 1)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(given, 1);
        network.RequireFits(tokens.Length);
        network.RequireTokens(tokens);
        return new(PartitionRows.Causal(tokens), given, DecodeLoop.RowsPerPass(network.Architecture.Vocabulary));
    }

    /// <summary>The scores of each, in order; only so many are held at once as one pass can take and the budget holds.</summary>
    /// <exception cref="A3Exception">The cache of one of them alone is more than the budget; nothing was run.</exception>
    public static ImmutableArray<ImmutableArray<TokenScore>> ScoreAll(
        INetwork network, IReadOnlyList<IScoring> scorings, CancellationToken cancellation, CacheBudget? budget = null)
    {
        if (scorings.Count > 0)
        {
            budget?.Require([scorings.Max(scoring => scoring.Capacity)]);
        }

        using var pass = network.NewPass();

        for (var done = 0; done < scorings.Count;)
        {
            var next = Together(scorings.Skip(done), budget);
            Run(network, next, pass, cancellation);
            done += next.Length;
        }

        return [.. scorings.Select(scoring => scoring.Scores)];
    }

    /// <summary>The first of them that run together.</summary>
    private static IScoring[] Together(IEnumerable<IScoring> scorings, CacheBudget? budget)
    {
        List<int> capacities = [];
        return
        [
            .. scorings.TakeWhile(scoring =>
            {
                capacities.Add(scoring.Capacity);
                return capacities.Count == 1 || (capacities.Sum() <= DecodeLoop.RowBudget && budget?.Holds(capacities) != false);
            }),
        ];
    }

    private static void Run(INetwork network, IScoring[] scorings, IPass pass, CancellationToken cancellation)
    {
        var states = Array.ConvertAll(scorings, scoring => new DecodeState(network, scoring));

        try
        {
            foreach (var _ in DecodeLoop.RunAll(states, pass, cancellation))
            {
                throw new InvalidOperationException("scoring committed tokens.");
            }
        }
        finally
        {
            Array.ForEach(states, state => state.Dispose());
        }
    }
}

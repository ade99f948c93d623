using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>
/// Chooses among lengths of a gap by what they make of the text behind it: p(length | both sides) is proportional to
/// p(text behind | text before, length), which one pass gives exactly, summed over everything that might fill the gap.
/// </summary>
/// <remarks>
/// The text before the gap is run once and shared by all candidates, which then take part in one pass: no gap is decoded to find
/// out how long it should be. All lengths are equally likely beforehand.
/// </remarks>
internal static class GapLengths
{
    /// <summary>Tokens behind a gap that are looked at; those further on say little of where the gap ends.</summary>
    public const int Reach = 32;

    /// <summary>The log-probabilities of the text behind a gap for each of its lengths, and the passes that took.</summary>
    /// <param name="network">With a query stream.</param>
    /// <param name="before">What is known before the gap; one group.</param>
    /// <param name="start">The first position of the gap.</param>
    /// <param name="behind">The tokens that follow the gap, one after the other.</param>
    /// <param name="lengths">The candidates.</param>
    /// <param name="cancellation">Asked between passes.</param>
    public static (ImmutableArray<double> LogProbabilities, int Passes) Score(
        INetwork network,
        ContentRow[] before,
        int start,
        ReadOnlySpan<int> behind,
        IReadOnlyList<int> lengths,
        CancellationToken cancellation)
    {
        int[] tokens = [.. behind[..Math.Min(behind.Length, Reach)]];
        using var pass = network.NewPass();
        using var evidence = network.Open(before.Length + tokens.Length);
        cancellation.ThrowIfCancellationRequested();
        pass.Run([new(evidence, before, default)]);

        var atOnce = Math.Max(1, DecodeLoop.RowsPerPass(network.Architecture.Vocabulary) / tokens.Length);
        var scores = ImmutableArray.CreateBuilder<double>(lengths.Count);
        var passes = 1;

        foreach (var chunk in lengths.Chunk(atOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            scores.AddRange(Score(pass, evidence, tokens, [.. chunk.Select(length => start + length)]));
            passes++;
        }

        return (scores.MoveToImmutable(), passes);
    }

    /// <summary>One pass: the tokens one after the other, from each of some positions on.</summary>
    private static double[] Score(IPass pass, ISequence evidence, int[] tokens, int[] starts)
    {
        var forks = Array.ConvertAll(starts, _ => evidence.Fork());

        try
        {
            var predictions = pass.Run([.. starts.Select((start, i) => Rows(forks[i], tokens, start))]);
            return [.. starts.Select((_, i) => predictions.Score(i * tokens.Length, tokens).Sum())];
        }
        finally
        {
            Array.ForEach(forks, fork => fork.Dispose());
        }
    }

    private static PassRows Rows(ISequence sequence, int[] tokens, int start) => new(
        sequence,
        tokens.SkipLast(1).Select((token, i) => new ContentRow(token, start + i, 1 + i)).ToArray(),
        tokens.Select((_, i) => new QueryRow(start + i, 1 + i)).ToArray());
}

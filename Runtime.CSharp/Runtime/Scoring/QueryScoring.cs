using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Scoring;

using A3.Model;

/// <summary>
/// log p of known tokens through the query stream: all content in the first pass, with as many predictions as fit; query rows
/// leave no trace, so asking for the others later changes nothing.
/// </summary>
/// <param name="content">Every token that some target may see, its own group's included.</param>
/// <param name="targets">The tokens to score: where they stand, and the ranks of their groups.</param>
/// <param name="rowsPerPass">Predictions of one pass.</param>
/// <param name="constraints">Borders, which narrow the distributions; null for none.</param>
internal sealed class QueryScoring(
    ContentRow[] content, ContentRow[] targets, int rowsPerPass, PositionConstraints? constraints = null) : IScoring
{
    private readonly List<TokenScore> scores = [];

    public int Capacity => Math.Max(1, content.Length);

    public bool IsDone => scores.Count == targets.Length;

    public ImmutableArray<TokenScore> Scores => [.. scores];

    private ContentRow[] Next => targets[scores.Count..Math.Min(targets.Length, scores.Count + rowsPerPass)];

    public PassRequest Request() => new(
        scores.Count == 0 ? 0 : content.Length,
        scores.Count == 0 ? content : [],
        [.. Next.Select(target => new QueryRow(target.Position, target.Rank))]);

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var scored = Next;
        var logProbabilities = predictions.Score([.. scored.Select(target => target.Token)]);

        for (var row = 0; row < scored.Length; row++)
        {
            var (position, token) = (scored[row].Position, scored[row].Token);
            var agreeing = constraints?.Agreeing(position);
            var mass = agreeing is null ? 0 : predictions.LogMass(row, agreeing);
            scores.Add(new(position, token, logProbabilities[row] - mass));
        }

        return null;
    }

    public IDecoder Fork(Seed? seed)
    {
        var fork = new QueryScoring(content, targets, rowsPerPass, constraints);
        fork.scores.AddRange(scores);
        return fork;
    }
}

/// <summary>A decoder that draws nothing and ends with scores.</summary>
internal interface IScoring : IDecoder
{
    /// <summary>When done: one for each target, in the order they were given.</summary>
    ImmutableArray<TokenScore> Scores { get; }
}

using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;

namespace A3.Runtime.Scoring;

using A3.Model;

/// <summary>log p of known tokens left to right through the content stream (law 8), a stretch of them in each pass.</summary>
/// <param name="rows">All tokens, left to right.</param>
/// <param name="given">How many of the first are not scored; at least 1.</param>
/// <param name="rowsPerPass">Predictions of one pass.</param>
internal sealed class CausalScoring(ContentRow[] rows, int given, int rowsPerPass) : IScoring
{
    private readonly List<TokenScore> scores = [];
    private int cached;

    public int Capacity => Math.Max(1, rows.Length);

    public bool IsDone => cached >= rows.Length - 1 || given >= rows.Length;

    public ImmutableArray<TokenScore> Scores => [.. scores];

    /// <summary>The last token has nothing left to predict, and those before the last given one predict what is known.</summary>
    private int End => Math.Min(rows.Length - 1, Math.Max(cached, given - 1) + rowsPerPass);

    private int FirstPredicting => Math.Max(cached, given - 1);

    public PassRequest Request() => new(cached, rows[cached..End], [], End - FirstPredicting);

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var scored = rows[(FirstPredicting + 1)..(End + 1)];
        var logProbabilities = predictions.Score([.. scored.Select(row => row.Token)]);
        cached = End;
        scores.AddRange(scored.Zip(logProbabilities, (row, log) => new TokenScore(row.Position, row.Token, log)));
        return null;
    }

    public IDecoder Fork(Seed? seed)
    {
        var fork = new CausalScoring(rows, given, rowsPerPass) { cached = cached };
        fork.scores.AddRange(scores);
        return fork;
    }
}

using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Scoring;

using A3.Model;

/// <summary>
/// Fills one gap greedily behind what is cached already: the text behind the gap first, as a group of its own that sees the text before it,
/// then groups of positions.
/// </summary>
/// <param name="cached">Rows of the text before the gap, rank 0.</param>
/// <param name="behind">Positions of the text behind the gap.</param>
/// <param name="groups">Positions to fill, in order.</param>
/// <param name="committed">The tokens; the probe commits to them.</param>
/// <param name="sampler">Greedy; what may be drawn.</param>
internal sealed class FillProbe(int cached, int[] behind, int[][] groups, CommittedTokens committed, Sampler sampler) : IDecoder
{
    private const int BehindRank = 1;

    private int filled;
    private ContentRow[] content = PartitionRows.Content(committed.Tokens, behind, BehindRank);

    public int Capacity => cached + behind.Length + groups.Sum(group => group.Length);

    public bool IsDone => filled == groups.Length;

    /// <summary>log p of what fills the gap, given both sides.</summary>
    public double LogProbability { get; private set; }

    private int Rank => BehindRank + 1 + filled;

    public PassRequest Request() => new(cached, content, PartitionRows.Queries(groups[filled], Rank));

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var drawn = predictions.Draw(groups[filled], sampler, committed);
        cached += content.Length;
        content = PartitionRows.Content(drawn, Rank);
        LogProbability += drawn.Sum(token => token.LogProbability);
        filled++;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new FillProbe(cached, behind, groups, committed.Copy(), sampler)
    {
        filled = filled,
        content = content,
        LogProbability = LogProbability,
    };
}

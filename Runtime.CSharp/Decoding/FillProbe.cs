namespace A3.Runtime;

using A3.Model;

/// <summary>
/// Fills one gap greedily, from left to right, behind what is cached already: the text behind the gap first, as a group of its
/// own that sees the text before it, then a token at a time.
/// </summary>
/// <param name="cached">Rows of the text before the gap, rank 0.</param>
/// <param name="behind">The tokens that follow the gap.</param>
/// <param name="start">The first position of the gap.</param>
/// <param name="length">Its positions.</param>
/// <param name="sampler">Greedy; what may be drawn.</param>
internal sealed class FillProbe(int cached, int[] behind, int start, int length, Sampler sampler) : IDecoder
{
    private const int BehindRank = 1;

    private int filled;
    private ContentRow[] content = [.. behind.Select((token, i) => new ContentRow(token, start + length + i, BehindRank))];

    public int Capacity => cached + behind.Length + length;

    public bool IsDone => filled == length;

    /// <summary>log p of what fills the gap, given both sides.</summary>
    public double LogProbability { get; private set; }

    /// <summary>The positions of the gap.</summary>
    public int Length => length;

    private int Rank => BehindRank + 1 + filled;

    public PassRequest Ask() => new(cached, content, [new(start + filled, Rank)]);

    public Commitment? Take(PassPredictions predictions)
    {
        var drawn = predictions.Draw([start + filled], sampler);
        cached += content.Length;
        content = [new(drawn[0].Token, drawn[0].Position, Rank)];
        LogProbability += drawn[0].LogProbability;
        filled++;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new FillProbe(cached, behind, start, length, sampler)
    {
        filled = filled,
        content = content,
        LogProbability = LogProbability,
    };
}

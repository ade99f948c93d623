using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>How the length of a gap was chosen.</summary>
/// <param name="Gap">Its number among all gaps of the template, counted from 0.</param>
/// <param name="Length">
/// The tokens it got: the candidate whose tokens are likeliest on average, of equal ones the shortest.
/// </param>
/// <param name="Candidates">All lengths that were tried, from the shortest to the longest.</param>
/// <param name="ForwardPasses">Runs of the network that it took: one more than the longest length.</param>
public sealed record GapLengthChoice(int Gap, int Length, ImmutableArray<GapLengthScore> Candidates, int ForwardPasses);

/// <summary>What speaks for a length.</summary>
/// <param name="Length">In tokens.</param>
/// <param name="LogProbability">
/// Natural logarithm of the probability of the greedy fill of this length, a token at a time from left to right, given the text
/// before the gap as one group and the text right behind it as another.
/// </param>
public sealed record GapLengthScore(int Length, double LogProbability)
{
    /// <summary>The same for a token, on average: long fills do not lose by their length.</summary>
    public double PerToken => LogProbability / Length;
}

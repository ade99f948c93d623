using System.Collections.Immutable;

namespace A3;

/// <summary>How the length of a gap was chosen.</summary>
/// <param name="Gap">Its number among all gaps of the template, counted from 0.</param>
/// <param name="Length">
/// The tokens it got: the candidate whose tokens are likeliest on average, of equal ones the shortest.
/// </param>
/// <param name="Candidates">All lengths that were tried, from the shortest to the longest.</param>
/// <param name="ForwardPasses">Runs of the network that it took.</param>
public sealed record GapLengthChoice(int Gap, int Length, ImmutableArray<GapLengthScore> Candidates, int ForwardPasses);

/// <summary>What speaks for a length.</summary>
/// <param name="Length">In tokens, but for those that given text reaches into.</param>
/// <param name="Tokens">In tokens, all of them.</param>
/// <param name="LogProbability">
/// Natural logarithm of the probability of the greedy fill of this length, a token at a time from left to right, given the text
/// before the gap as one group and the text right behind it as another; the tokens that given text reaches into come first.
/// </param>
public sealed record GapLengthScore(int Length, int Tokens, double LogProbability)
{
    /// <summary>The same for a token, on average: long fills do not lose by their length.</summary>
    public double PerToken => LogProbability / Tokens;
}

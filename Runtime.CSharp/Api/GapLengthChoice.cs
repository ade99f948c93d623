using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>How the length of a gap was chosen.</summary>
/// <param name="Gap">Its number among all gaps of the template, counted from 0.</param>
/// <param name="Length">The tokens it got: the likeliest candidate, of equally likely ones the shortest.</param>
/// <param name="Candidates">All lengths that were asked about, from the shortest to the longest.</param>
/// <param name="ForwardPasses">Runs of the network that it took.</param>
public sealed record GapLengthChoice(int Gap, int Length, ImmutableArray<GapLengthScore> Candidates, int ForwardPasses);

/// <summary>What speaks for a length.</summary>
/// <param name="Length">In tokens.</param>
/// <param name="LogProbability">
/// Natural logarithm of the probability of the text behind the gap (its first 32 tokens, one after the other), given the text
/// before it and this length, whatever fills the gap.
/// </param>
/// <param name="Probability">Of this length among the candidates, all of them equally likely beforehand.</param>
public sealed record GapLengthScore(int Length, double LogProbability, double Probability);

using System.Collections.Immutable;

namespace A3;

/// <summary>What the gaps of a template might be filled with.</summary>
/// <param name="Index">Its place among those given, counted from 0.</param>
/// <param name="Texts">What stands in each gap.</param>
/// <param name="Score">
/// Of whole tokens, given those that all alternatives have alike.
/// </param>
/// <param name="Probability">Among the alternatives, if one of them it is: exp(log p) over the sum of all.</param>
public sealed record Alternative(int Index, ImmutableArray<string> Texts, TextScore Score, double Probability);

/// <summary>Alternatives ranked.</summary>
/// <param name="Alternatives">The likeliest first; of equally likely ones the one given first.</param>
/// <param name="Masses">
/// Of alternatives of as many tokens, what they have together of all texts of so many tokens, by the number of tokens.
/// </param>
public sealed record RankedAlternatives(ImmutableArray<Alternative> Alternatives, ImmutableArray<AlternativesMass> Masses);

/// <summary>The probability of all alternatives of a number of tokens together.</summary>
/// <param name="Tokens">Tokens of each of them, over all gaps.</param>
/// <param name="Probability">The sum of their probabilities under the model.</param>
public sealed record AlternativesMass(int Tokens, double Probability);

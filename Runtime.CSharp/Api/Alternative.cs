namespace A3.Runtime;

/// <summary>One of the texts that a gap might be filled with.</summary>
/// <param name="Index">Its place among those given, counted from 0.</param>
/// <param name="Text">The text.</param>
/// <param name="Score">Of its tokens, given everything around the gap.</param>
/// <param name="Probability">Among the alternatives, if one of them it is: exp(log p) over the sum of all.</param>
public sealed record Alternative(int Index, string Text, TextScore Score, double Probability);

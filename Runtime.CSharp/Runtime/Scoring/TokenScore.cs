namespace A3;

/// <summary>How probable a known token is given all earlier groups.</summary>
/// <param name="Position">Where it stands in the text; BOS is position 0.</param>
/// <param name="Token">Its id in the vocabulary.</param>
/// <param name="LogProbability">Natural logarithm of its probability.</param>
public readonly record struct TokenScore(int Position, int Token, double LogProbability);

namespace A3;

/// <summary>A token that was committed, and how probable it was.</summary>
/// <param name="Position">Where it stands in the text; BOS is position 0.</param>
/// <param name="Token">Its id in the vocabulary.</param>
/// <param name="LogProbability">
/// Natural logarithm of its probability under the model given all earlier groups; what scoring gives (law 10).
/// </param>
/// <param name="SamplingLogProbability">
/// The same under the distribution it was drawn from, after temperature, top-k and top-p; 0 when greedy.
/// </param>
public readonly record struct DecodedToken(int Position, int Token, double LogProbability, double SamplingLogProbability)
{
    /// <summary>As <see cref="ITokenizer.TokenText"/> shows it; null inside the runtime.</summary>
    public string? Text { get; init; }
}

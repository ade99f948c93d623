namespace A3;

/// <summary>
/// What the model said of a border between given text and a gap where some token goes on from the given text and none is just that text:
/// whether the text stands as it is spelt, or is the beginning or end of a longer token.
/// </summary>
/// <param name="Gap">The number of the gap, counted from 0.</param>
/// <param name="Side">Where the given text stands.</param>
/// <param name="Text">The given text in question.</param>
/// <param name="SpeltLogProbability">Natural logarithm of the probability of its tokens, given all else that is given.</param>
/// <param name="OpenLogProbability">The same of all tokens together that agree with it and go on.</param>
public sealed record BorderChoice(int Gap, BorderSide Side, string Text, double SpeltLogProbability, double OpenLogProbability)
{
    /// <summary>Whether the position was opened, since that is likelier.</summary>
    public bool IsOpen => OpenLogProbability > SpeltLogProbability;
}

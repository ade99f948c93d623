using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A finished text: what was given and what was filled in.</summary>
public sealed record DecodedText
{
    /// <summary>The whole text.</summary>
    public required string Text { get; init; }

    /// <summary>By position, BOS first; their texts joined are <see cref="Text"/>.</summary>
    public required ImmutableArray<TextToken> Tokens { get; init; }

    /// <summary>The gaps in order.</summary>
    public required ImmutableArray<FilledGap> Gaps { get; init; }

    /// <summary>What was committed, in order.</summary>
    public required ImmutableArray<DecodingStep> Steps { get; init; }

    /// <summary>
    /// The groups that the text was decoded under: scoring it so gives <see cref="LogProbability"/> again. Null where there was no
    /// such partition: the causal stream, and an adaptive policy with the authors' algorithm.
    /// </summary>
    public Partition? Partition { get; init; }

    /// <summary>Runs of the network.</summary>
    public int ForwardPasses => Steps.IsEmpty ? 0 : Steps[^1].ForwardPasses;

    /// <summary>Natural logarithm of the probability of all filled tokens under the model, given the rest.</summary>
    public double LogProbability => Steps.Sum(step => step.Tokens.Sum(token => token.LogProbability));
}

/// <summary>A token in its place.</summary>
/// <param name="Position">BOS is position 0.</param>
/// <param name="Token">Its id in the vocabulary.</param>
/// <param name="Text">What it completes; a character of several tokens is with the last of them.</param>
/// <param name="Step">The step that committed it; null where it was given.</param>
/// <param name="LogProbability">Under the model, when it was committed; null where it was given.</param>
public sealed record TextToken(int Position, int Token, string Text, int? Step, double? LogProbability);

/// <summary>A gap and what it was filled with.</summary>
/// <param name="Start">Its first position.</param>
/// <param name="Length">Its positions.</param>
/// <param name="Text">The text of its tokens; half characters at its ends are U+FFFD.</param>
/// <param name="LogProbability">Natural logarithm of the probability of its tokens when they were committed.</param>
public sealed record FilledGap(int Start, int Length, string Text, double LogProbability);

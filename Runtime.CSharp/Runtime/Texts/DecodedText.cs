using System.Collections.Immutable;

namespace A3;

/// <summary>A finished text: what was given and what was filled in.</summary>
public sealed record DecodedText
{
    /// <summary>The whole text.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// By position, the first token before all text; their texts joined are <see cref="Text"/>. One that ends the text is the last.
    /// </summary>
    public required ImmutableArray<TextToken> Tokens { get; init; }

    /// <summary>The gaps in order.</summary>
    public required ImmutableArray<FilledGap> Gaps { get; init; }

    /// <summary>What was committed, in order, revisions included.</summary>
    public required ImmutableArray<DecodingStep> Steps { get; init; }

    /// <summary>
    /// The groups that the text was decoded under: scoring it so gives <see cref="LogProbability"/> again. Null where there was no
    /// such partition: the causal stream, and an adaptive policy with the authors' algorithm.
    /// </summary>
    public Partition? Partition { get; init; }

    /// <summary>
    /// Borders between given text and gaps that lie within tokens: scoring the tokens under <see cref="Partition"/> with these gives
    /// <see cref="LogProbability"/> again.
    /// </summary>
    public ImmutableArray<Border> Borders { get; init; } = [];

    /// <summary>How the model chose at borders whose given spelling is no token of its own.</summary>
    public ImmutableArray<BorderChoice> BorderChoices { get; init; } = [];

    /// <summary>
    /// Whether the tokens are those that the tokenizer gives the text; a drawn text may be spelt by others, such as <c>.</c> <c>.</c> for
    /// <c>..</c>.
    /// </summary>
    public bool IsCanonical { get; init; }

    /// <summary>How the lengths of gaps were chosen that the template left open.</summary>
    public ImmutableArray<GapLengthChoice> GapLengths { get; init; } = [];

    /// <summary>Runs of the network, those that chose the lengths of gaps or scored a revised text included.</summary>
    public required int ForwardPasses { get; init; }

    /// <summary>
    /// Natural logarithm of the probability of all filled tokens under the model, given the rest and <see cref="Partition"/>;
    /// without a partition, the sum of what they had when they were drawn.
    /// </summary>
    public double LogProbability => Tokens.Sum(token => token.LogProbability ?? 0);
}

/// <summary>A token in its place.</summary>
/// <param name="Position">BOS is position 0.</param>
/// <param name="Token">Its id in the vocabulary.</param>
/// <param name="Text">What it completes; a character of several tokens is with the last of them.</param>
/// <param name="Step">The step that committed it, or revised it last; null where it was given.</param>
/// <param name="LogProbability">Under the model, given all earlier groups; null where it was given.</param>
public sealed record TextToken(int Position, int Token, string Text, int? Step, double? LogProbability);

/// <summary>A gap and what it was filled with.</summary>
/// <param name="Start">Its first position, but for one that given text before it reaches into.</param>
/// <param name="Length">Its positions, but for those that given text reaches into.</param>
/// <param name="Text">What stands between the given texts.</param>
/// <param name="LogProbability">
/// Natural logarithm of the probability of its tokens, each given all earlier groups; of those that given text reaches into too, among the
/// tokens that agree with it.
/// </param>
public sealed record FilledGap(int Start, int Length, string Text, double LogProbability);

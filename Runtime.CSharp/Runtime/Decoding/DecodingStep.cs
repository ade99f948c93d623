using System.Collections.Immutable;

namespace A3;

/// <summary>One step of decoding: the tokens committed together.</summary>
/// <param name="Step">Counts from 0.</param>
/// <param name="ForwardPasses">Runs of the network since the start, this step's included.</param>
/// <param name="Tokens">
/// The step's group by ascending position; when speculative, the accepted run in the order of generation.
/// </param>
public sealed record DecodingStep(int Step, int ForwardPasses, ImmutableArray<DecodedToken> Tokens)
{
    /// <summary>What became of the step's drafts; null where decoding is not speculative.</summary>
    public DraftCount? Drafts { get; init; }

    /// <summary>
    /// The revision that drew the tokens anew, counted from 1; null where the step fills open positions.
    /// </summary>
    public int? Sweep { get; init; }

    /// <summary>The run that made it.</summary>
    internal StepOrigin Origin { get; init; }

    /// <summary>Time spent on the decode when the step was committed; in a batch, on all rows.</summary>
    public TimeSpan Elapsed { get; init; }
}

/// <summary>The run that made a step. All are equal: equal steps of two runs are equal steps.</summary>
internal readonly struct StepOrigin(object run) : IEquatable<StepOrigin>
{
    /// <summary>Null for a step that a program made up.</summary>
    public object? Run { get; } = run;

    public bool Equals(StepOrigin other) => true;

    public override bool Equals(object? obj) => obj is StepOrigin;

    public override int GetHashCode() => 0;
}

/// <summary>Drafts of one speculative round.</summary>
/// <param name="Proposed">Tokens drafted.</param>
/// <param name="Accepted">
/// Tokens kept as drafted; at most one more was committed, drawn anew at the first rejection.
/// </param>
public readonly record struct DraftCount(int Proposed, int Accepted);

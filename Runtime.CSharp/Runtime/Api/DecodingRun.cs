using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using A3.Runtime.Api;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using A3.Runtime.Scoring;
using A3.Runtime.Texts;

namespace A3;

/// <summary>A decode that has been checked and can start; immutable, and equal each time it is run.</summary>
/// <remarks>
/// Several threads may each enumerate steps of one run. Breaking off an enumeration frees what it held; disposing of the model
/// while one is under way is an error.
/// </remarks>
public sealed class DecodingRun
{
    private readonly Vocabulary vocabulary;
    private readonly TextLayout layout;
    private readonly CacheBudget budget;

    internal DecodingRun(Vocabulary vocabulary, TextLayout layout, CacheBudget budget, DecodingPlan plan)
    {
        (this.vocabulary, this.layout, this.budget) = (vocabulary, layout, budget);
        Plan = plan;
    }

    /// <summary>By position, BOS first; null where a token is to be filled in.</summary>
    public ImmutableArray<int?> GivenTokens
    {
        get
        {
            HashSet<int> open = [.. layout.Open];
            return [.. layout.Tokens.Select((token, position) => open.Contains(position) ? (int?)null : token)];
        }
    }

    /// <summary>How the lengths of gaps were chosen that the template left open.</summary>
    public ImmutableArray<GapLengthChoice> GapLengths { get; init; } = [];

    /// <summary>Borders between given text and gaps that lie within tokens.</summary>
    public ImmutableArray<Border> Borders => layout.Borders;

    /// <summary>How the model chose at borders whose given spelling is no token of its own.</summary>
    public ImmutableArray<BorderChoice> BorderChoices { get; init; } = [];

    internal ITokenizer Tokenizer => vocabulary.Tokenizer;

    internal DecodingPlan Plan { get; }

    /// <summary>Begins: a session can be paused, forked and run together with others. The caller disposes of it.</summary>
    /// <exception cref="A3Exception">Its cache does not fit in memory; the message says how many bytes it needs.</exception>
    public DecodingSession Start()
    {
        budget.Require([Plan.Start().Capacity]);
        return Begin();
    }

    /// <summary>As <see cref="Start"/>, where the memory is known to be there.</summary>
    internal DecodingSession Begin() => new(this);

    /// <summary>Fills the gaps, a step at a time; cancellation throws between passes.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public IEnumerable<DecodingStep> Steps(CancellationToken cancellation = default)
    {
        using var session = Start();

        while (session.Next(cancellation) is { } step)
        {
            yield return step;
        }
    }

    /// <summary>As <see cref="Steps"/>, each step computed on the thread pool.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public async IAsyncEnumerable<DecodingStep> StepsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var session = Start();

        while (await Task.Run(() => session.Next(cancellation), CancellationToken.None).ConfigureAwait(false) is { } step)
        {
            yield return step;
        }
    }

    /// <summary>The text in order while steps arrive in theirs; what a revision may still change is not shown before all is done.</summary>
    public StreamedText StreamText() => new(vocabulary, layout, Plan.IsRevised);

    /// <summary>Fills the gaps and gives the finished text.</summary>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public DecodedText Complete(CancellationToken cancellation = default) => Complete([.. Steps(cancellation)]);

    /// <summary>The finished text of steps that have been streamed; after revision it takes a pass to score it.</summary>
    /// <param name="steps">All steps of this run, in order.</param>
    /// <exception cref="ArgumentException">They are steps of another run.</exception>
    public DecodedText Complete(IReadOnlyList<DecodingStep> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        RequireOwn(steps);
        var partition = Plan.PartitionOf([.. steps.Where(step => step.Sweep is null)]);
        var assembly = new TextAssembly(vocabulary, layout, [.. steps]);
        var isRescored = partition is not null && steps.Any(step => step.Sweep is not null);

        if (isRescored)
        {
            var sequence = PartialSequence.ToScore(Plan.Network, assembly.Ids(partition!.Length), partition.Spec);
            assembly.Rescore(Scorer.Score(sequence, new PositionConstraints(vocabulary, layout.Borders), budget));
        }

        var passes = (steps.Count == 0 ? 0 : steps[^1].ForwardPasses)
            + GapLengths.Sum(choice => choice.ForwardPasses)
            + BorderChoices.Length
            + (isRescored ? 1 : 0);
        return assembly.Assemble(partition, passes) with { GapLengths = GapLengths, BorderChoices = BorderChoices };
    }

    private void RequireOwn(IReadOnlyList<DecodingStep> steps)
    {
        HashSet<int> open = [.. layout.Open];

        for (var i = 0; i < steps.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(steps[i], $"{nameof(steps)}[{i}]");
            if ((steps[i].Origin.Run ?? this) != this || steps[i].Step != i || !steps[i].Tokens.All(token => open.Contains(token.Position)))
            {
                throw new ArgumentException(
                    $"{nameof(steps)}[{i}] is no step {i} of this run; give all steps of the run that completes them, in order.", nameof(steps));
            }
        }
    }
}

using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Scoring;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

/// <summary>
/// Chooses the lengths of gaps, from left to right. Every length is tried: the text before the gap is run once and shared by all that have it
/// alike, and one pass serves them all at every token, so that trying them costs the passes of the longest.
/// </summary>
/// <param name="network">With a query stream.</param>
/// <param name="template">With gaps of unknown length.</param>
/// <param name="builder">Lays it out.</param>
/// <param name="constraints">What may be drawn.</param>
/// <param name="budget">Of the caches of all lengths together.</param>
internal sealed class GapLengthSelection(
    INetwork network, Template template, TextLayoutBuilder builder, GapTokenSets constraints, CacheBudget budget)
{
    private readonly List<TemplatePart> before = [];
    private readonly List<GapLengthChoice> choices = [];
    private int gaps;

    /// <summary>The template with a length for every gap, and how they were chosen.</summary>
    /// <exception cref="A3Exception">
    /// Nothing given follows a gap of unknown length, or the caches of all its lengths do not fit in memory together.
    /// </exception>
    public (Template Template, ImmutableArray<GapLengthChoice> Choices) Select(CancellationToken cancellation)
    {
        network.RequireQueryStream();

        for (var part = 0; part < template.Parts.Length; part++)
        {
            var own = template.Parts[part];
            before.Add(own.HasUnknownLength ? TemplatePart.Gap(Choose(part, cancellation).Length) : own);
            gaps += own.IsGap ? 1 : 0;
        }

        return (Template.Of(before), [.. choices]);
    }

    private GapLengthChoice Choose(int part, CancellationToken cancellation)
    {
        var gap = template.Parts[part];
        RequireTextBehind(part);
        var candidates = Candidates(gap, template.Parts[part + 1]);
        var passes = candidates.GroupBy(candidate => candidate.Before, RowsComparer.Instance).Sum(alike => Run([.. alike], cancellation));
        GapLengthScore[] scores = [.. candidates.Select(candidate => candidate.Score)];
        var choice = new GapLengthChoice(gaps, scores.MaxBy(score => score.PerToken)!.Length, [.. scores], passes);
        choices.Add(choice);
        return choice;
    }

    private void RequireTextBehind(int part)
    {
        if (part + 1 == template.Parts.Length || template.Parts[part + 1].IsGap)
        {
            throw new RequestException(
                $"gap {gaps + 1}, {template.Parts[part].GapLength}..{template.Parts[part].LongestGap} tokens long, has no text right "
                + "behind it, which it would have to lead to; give the gap one length (at the end of a text a long one: the text "
                + "may end inside it).");
        }
    }

    /// <summary>All lengths that have a token to stand in.</summary>
    private List<Candidate> Candidates(TemplatePart gap, TemplatePart behind)
    {
        var candidates = new List<Candidate>();

        for (var length = gap.GapLength; length <= gap.LongestGap; length++)
        {
            var layout = builder.Build(Template.Of([.. before, TemplatePart.Gap(length), behind]));

            if (layout.EmptyGap != gaps)
            {
                candidates.Add(new(layout, gaps, length, constraints));
                if (candidates.Count == 1)
                {
                    RequireMemory(candidates[0], gap.LongestGap - length);
                }
            }
        }

        return candidates;
    }

    /// <summary>Asked before more than one length is prepared; forks have as much room as the longest.</summary>
    private void RequireMemory(Candidate shortest, int longer) => budget.RequireForks(
        shortest.Before.Length, [.. Enumerable.Repeat(shortest.Probe.Capacity + longer, longer + 1)]);

    private int Run(Candidate[] candidates, CancellationToken cancellation)
    {
        using var pass = network.NewPass();
        using var evidence = network.Open(candidates.Max(candidate => candidate.Probe.Capacity));
        cancellation.ThrowIfCancellationRequested();
        pass.Run([new(evidence, candidates[0].Before, default)]);
        var states = Array.ConvertAll(candidates, candidate => new DecodeState(candidate.Probe, evidence.Fork()));

        try
        {
            foreach (var _ in DecodeLoop.RunAll(states, pass, cancellation))
            {
                // The probes keep what they find.
            }

            return 1 + states.Max(state => state.Passes);
        }
        finally
        {
            Array.ForEach(states, state => state.Dispose());
        }
    }

    /// <summary>One length of the gap.</summary>
    private sealed class Candidate
    {
        private readonly int length;
        private readonly int tokens;

        public Candidate(TextLayout layout, int index, int length, GapTokenSets constraints)
        {
            this.length = length;
            var gap = layout.Gaps[index];
            tokens = gap.End - gap.First;
            Before = PartitionRows.Content(layout.Tokens.AsSpan(), Array.FindAll(layout.Evidence, position => position < gap.First), 0);
            int[] single = [.. Enumerable.Range(gap.Start, gap.Length)];
            int[][] opened = [.. layout.Opened.Select(group => Array.FindAll(group, position => position >= gap.First))];
            HashSet<int> open = [.. layout.Open];
            Probe = new(
                Before.Length,
                Array.FindAll(layout.Evidence, position => position >= gap.End),
                [.. opened.Where(group => group.Length > 0), .. single.Select(position => new[] { position })],
                new(layout.Tokens, open.Contains),
                new(SamplingOptions.Greedy, default, constraints.In(layout, [.. Enumerable.Range(0, layout.Tokens.Length)])));
        }

        public ContentRow[] Before { get; }

        public FillProbe Probe { get; }

        public GapLengthScore Score => new(length, tokens, Probe.LogProbability);
    }

    private sealed class RowsComparer : IEqualityComparer<ContentRow[]>
    {
        public static readonly RowsComparer Instance = new();

        public bool Equals(ContentRow[]? x, ContentRow[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(ContentRow[] rows) => rows.Length;
    }
}

using System.Collections.Immutable;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Any-subset speculative decoding (Guo and Ermon 2025, arXiv 2504.20456), cached: drafts a window of positions in parallel and
/// verifies them in one pass whose content rows see each other in order. Draws from the same distribution as one by one
/// (law 11), in at most as many passes as tokens when the window is 2 or more: the first draft of a round is always kept.
/// </summary>
/// <remarks>
/// Drafts of the next window, on the condition that all of this one is accepted, ride along in the verify pass. A position's
/// draft may be drawn again with the same random number in a later round: nothing committed before it depends on that number.
/// </remarks>
internal sealed class SpeculativeDecoder : IDecoder
{
    private readonly PartialSequence sequence;
    private readonly int window;
    private readonly SpeculativeRule rule;
    private readonly int[] whole;

    /// <summary>Positions in the order of generation, without those behind the end of the text.</summary>
    private int[] order;

    private CommittedTokens tokens;

    /// <summary>Committed tokens whose content has not been run.</summary>
    private ContentRow[] pending;

    /// <summary>Drafts of the next positions given everything committed; none before a draft pass.</summary>
    private Draft[] drafts = [];

    private int cached;
    private int committed;

    private SpeculativeDecoder(
        PartialSequence sequence, int[] whole, int window, SpeculativeRule rule, ContentRow[] pending, CommittedTokens tokens)
    {
        (this.sequence, this.whole, this.window, this.rule) = (sequence, whole, window, rule);
        order = tokens.Within(whole);
        (this.pending, this.tokens) = (pending, tokens);
    }

    public int Capacity => sequence.Tokens.Length;

    public bool IsDone => committed == order.Length;

    /// <summary>The target groups of the sequence must be singletons, whose order is the order of generation.</summary>
    /// <exception cref="RequestException">A target group holds several positions.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A window below 1.</exception>
    public static SpeculativeDecoder Create(PartialSequence sequence, int window, SpeculativeRule rule)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        var targets = PartitionModule.targets(sequence.Partition);

        if (targets.FirstOrDefault(group => group.Length > 1) is { } large)
        {
            throw new RequestException(
                $"A target group holds positions {string.Join(", ", large)}, but speculative decoding draws one "
                + "after the other; use a grouping of singletons.");
        }

        int[] order = [.. targets.Select(group => group[0])];
        var tokens = sequence.Start();
        return new(
            sequence, order, window, rule, PartitionRows.ContentBefore(sequence.FirstTarget, tokens, sequence.Partition), tokens);
    }

    /// <summary>As <see cref="Create"/>, run to its end: one step per round.</summary>
    public static IEnumerable<DecodingStep> Decode(
        PartialSequence sequence,
        int window,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default) =>
        Decode(sequence, window, sampling, seed, SpeculativeRule.Residual, cancellation);

    /// <summary>As above, with the resample at a rejection given; any but the residual breaks law 11.</summary>
    public static IEnumerable<DecodingStep> Decode(
        PartialSequence sequence,
        int window,
        SamplingOptions sampling,
        Seed seed,
        Resample resample,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        var start = Create(sequence, window, new(new(sampling, seed), resample));
        return DecodeLoop.Run(sequence.Network, () => start.Fork(null), cancellation);
    }

    public PassRequest Request()
    {
        if (drafts.Length == 0)
        {
            return new(cached, pending, PartitionRows.Queries(Window(committed), Rank(committed)));
        }

        var next = Window(committed + drafts.Length);
        var content = Rows(drafts);
        QueryRow[] queries =
        [
            .. drafts.Skip(1).Select((draft, i) => new QueryRow(draft.Drawn.Position, Rank(committed + i + 1))),
            .. PartitionRows.Queries(next, Rank(committed + drafts.Length)),
        ];
        return new(cached, next.Length > 0 ? content : content[..^1], queries);
    }

    public CommittedGroup? Commit(PassPredictions predictions) => drafts.Length == 0 ? CommitDrafts(predictions) : Verify(predictions);

    public IDecoder Fork(Seed? seed) => new SpeculativeDecoder(sequence, whole, window, rule.Fork(seed), pending, tokens.Copy())
    {
        // Drafts are thrown away rather than shared: drawn again, with the same seed they are the same.
        cached = cached,
        committed = committed,
    };

    /// <summary>A single draft needs no verification: it had the right condition.</summary>
    private CommittedGroup? CommitDrafts(PassPredictions predictions)
    {
        drafts = Read(Window(committed), 0, predictions, tokens);
        cached += pending.Length;
        pending = [];
        return drafts.Length == 1 ? new([CommitOnly()], new(1, 1)) : null;
    }

    /// <summary>Keeps drafts up to the first rejection and draws that one anew.</summary>
    private CommittedGroup Verify(PassPredictions predictions)
    {
        var proposed = drafts;
        var trial = tokens.Copy();
        var (drawn, accepted) = Accept(predictions, trial);
        var isWhole = accepted == proposed.Length;
        drafts = isWhole ? Read(Window(committed + proposed.Length), proposed.Length - 1, predictions, trial) : [];
        committed += drawn.Count;
        cached += accepted;
        pending = isWhole ? [] : [new(drawn[^1].Token, drawn[^1].Position, Rank(committed - 1))];
        Commit(drawn);
        rule.Release(proposed);
        var count = proposed.Length;

        if (drafts.Length == 1)
        {
            drawn.Add(CommitOnly());
            (count, accepted) = (count + 1, accepted + 1);
        }

        return new(drawn.ToImmutable(), new(count, accepted));
    }

    /// <summary>Commits the only draft there is.</summary>
    private DecodedToken CommitOnly()
    {
        var drawn = drafts[0].Drawn;
        pending = Rows(drafts);
        rule.Release(drafts);
        drafts = [];
        committed++;
        Commit([drawn]);
        return drawn;
    }

    /// <summary>
    /// The first draft had the right condition; the others are verified by the rows of the pass.
    /// </summary>
    private (ImmutableArray<DecodedToken>.Builder Tokens, int Accepted) Accept(PassPredictions predictions, CommittedTokens trial)
    {
        var drawn = ImmutableArray.CreateBuilder<DecodedToken>();
        drawn.Add(drafts[0].Drawn);
        Commit(drawn, trial);

        for (var i = 1; i < drafts.Length; i++)
        {
            var (token, accepted) = rule.Verify(drafts[i], predictions, i - 1, trial);
            drawn.Add(token);
            Commit([token], trial);

            if (!accepted)
            {
                return (drawn, i);
            }
        }

        return (drawn, drafts.Length);
    }

    private void Commit(IEnumerable<DecodedToken> drawn)
    {
        Commit(drawn, tokens);
        order = tokens.Within(order);
    }

    private void Commit(IEnumerable<DecodedToken> drawn, CommittedTokens to)
    {
        foreach (var token in drawn)
        {
            to.Commit(token.Position, token.Token, rule.IsEnd(token));
        }
    }

    private ContentRow[] Rows(Draft[] drafted) =>
    [
        .. drafted.Select((draft, i) => new ContentRow(draft.Drawn.Token, draft.Drawn.Position, Rank(committed + i))),
    ];

    private int[] Window(int from) => order[from..Math.Min(order.Length, from + window)];

    private int Rank(int index) => sequence.FirstTarget + index;

    /// <summary>Drafts each as if those before it were committed; the first, which is sure to be kept, may end the text.</summary>
    private Draft[] Read(int[] positions, int firstRow, PassPredictions predictions, CommittedTokens beside)
    {
        var read = new List<Draft>(positions.Length);
        var trial = beside.Copy();

        for (var i = 0; i < positions.Length; i++)
        {
            if (positions[i] < trial.Length)
            {
                var draft = rule.Draw(positions[i], predictions, firstRow + i, trial, mayEnd: i == 0);
                Commit([draft.Drawn], trial);
                read.Add(draft);
            }
        }

        order = trial.Within(order);
        return [.. read];
    }
}

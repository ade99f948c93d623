namespace A3.Runtime;

using A3.Model;

/// <summary>
/// What to draw from at a rejected draft, given what it was drafted from and what it should have been drawn from; any
/// scale.
/// </summary>
internal delegate double[] Redraw(double[] drafted, double[] verified);

/// <summary>
/// Any-subset speculative decoding (Guo and Ermon 2025, arXiv 2504.20456), cached: drafts a window of positions in parallel and
/// verifies them in one pass whose content rows see each other in order. Draws from the same distribution as one by one
/// (law 11), in at most as many passes as tokens when the window is 2 or more: the first draft of a round is always kept.
/// </summary>
/// <remarks>
/// Drafts of the next window, on the condition that all of this one is accepted, ride along in the verify pass. A position's
/// draft may be drawn again with the same random number in a later round: nothing committed before it depends on that number.
/// </remarks>
internal static class SpeculativeDecoder
{
    /// <summary>
    /// One step per round; the target groups of the canvas must be singletons, whose order is the order of generation.
    /// </summary>
    /// <exception cref="ArgumentException">A target group holds several positions.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A window below 1.</exception>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas,
        int window,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default) =>
        Decode(canvas, window, sampling, seed, Residual, cancellation);

    /// <summary>As above, with the redraw at a rejection given; any but <see cref="Residual"/> breaks law 11.</summary>
    public static IEnumerable<DecodingStep> Decode(
        Canvas canvas,
        int window,
        SamplingOptions sampling,
        Seed seed,
        Redraw redraw,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(canvas);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        var targets = PartitionModule.targets(canvas.Partition);

        if (targets.FirstOrDefault(group => group.Length > 1) is { } large)
        {
            throw new ArgumentException(
                $"A target group holds positions {string.Join(", ", large)}, but speculative decoding draws one "
                + "after the other; use a grouping of singletons.",
                nameof(canvas));
        }

        int[] order = [.. targets.Select(group => group[0])];
        return Steps(canvas, order, window, new(sampling, seed, redraw), cancellation);
    }

    /// <summary>
    /// (q - p)+ of draft p and verified q: together with acceptance at min(1, q/p) it makes the committed token one of
    /// q.
    /// </summary>
    public static double[] Residual(double[] drafted, double[] verified) =>
        [.. verified.Zip(drafted, (q, p) => Math.Max(0, q - p))];

    private static IEnumerable<DecodingStep> Steps(
        Canvas canvas,
        int[] order,
        int window,
        SpeculativeRule rule,
        CancellationToken cancellation)
    {
        var round = new SpeculativeRound(canvas, order, window, rule);
        using var sequence = new CountedSequence(canvas.Network, canvas.Tokens.Length);

        for (var step = 0; round.Committed < order.Length; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var drafts = round.Drafts(sequence);
            var (tokens, accepted) = round.Verify(drafts, sequence);
            yield return new(step, sequence.Passes, tokens) { Drafts = new(drafts.Length, accepted) };
        }
    }
}

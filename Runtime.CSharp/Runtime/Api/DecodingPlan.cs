using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

using A3.Model;

/// <summary>
/// The one place that chooses a decoder: what runs, and the partition that it turns out to have run under.
/// </summary>
internal sealed record DecodingPlan(
    INetwork Network,
    Func<IDecoder> Start,
    Func<IReadOnlyList<DecodingStep>, A3.Partition?> PartitionOf)
{
    /// <summary>Whether what was filled is gone over again.</summary>
    public bool IsRevised { get; private init; }

    /// <summary>
    /// For a layout: evidence is one group, then come the positions that given text reaches into, then the gaps as the options say.
    /// </summary>
    /// <exception cref="A3Exception">
    /// Options that exclude each other, or that the network or the template does not allow.
    /// </exception>
    public static DecodingPlan For(INetwork network, TextLayout layout, GapTokenSets constraints, DecodingOptions options)
    {
        if (options.Causal || network.Architecture.QueryStream.IsAbsent)
        {
            return Causal(network, layout, constraints, options);
        }

        var policy = options.Policy?.Spec ?? Policy.NewFixed(GroupingModule.singletons(Order.LeftToRight));
        var grouping = policy is Policy.Fixed given ? given.Item : Grouping.NewCut(Order.LeftToRight, Cut.AllAtOnce);

        if (GroupingModule.givesEvidence(grouping))
        {
            throw new RequestException(
                $"policy '{GroupingModule.print(grouping)}' gives positions of its own, but what is given when "
                + "filling gaps is their text; leave 'given' out.");
        }

        if (!GroupingModule.needs(grouping).IsEmpty)
        {
            throw new RequestException(
                $"policy '{GroupingModule.print(grouping)}' groups by {string.Join(" and ", GroupingModule.needs(grouping))}, which a gap has "
                + "none of before it is filled; name sizes instead, such as chunks 2.");
        }

        var sequence = PartialSequence.ToDecode(network, [.. layout.Tokens], layout.OpenedFirst(grouping));
        return For(sequence, layout, constraints, policy as Policy.Adaptive, layout.Opened.Length, options);
    }

    /// <summary>
    /// For a sequence: its partition as it is, or an adaptive policy over its target groups taken together.
    /// </summary>
    /// <param name="sequence">What is filled.</param>
    /// <param name="layout">Its text.</param>
    /// <param name="constraints">What may stand in its gaps.</param>
    /// <param name="adaptive">A policy that chooses the groups; null where the partition has them.</param>
    /// <param name="leading">How many of the target groups are committed first, whatever the policy.</param>
    /// <param name="options">How it is filled.</param>
    /// <exception cref="A3Exception">Options that exclude each other.</exception>
    public static DecodingPlan For(
        PartialSequence sequence,
        TextLayout layout,
        GapTokenSets constraints,
        Policy.Adaptive? adaptive,
        int leading,
        DecodingOptions options)
    {
        var ranks = adaptive is null ? PartitionModule.groupOf(sequence.Partition) : null;
        var sampler = SamplerOf(options, constraints.In(layout, ranks));
        var plan = Plan(sequence, adaptive, leading, sampler, options);
        return plan.Revised(sequence, sampler, options.Revision);
    }

    /// <summary>
    /// For a sequence whose groups a run had: what the run did not know beforehand is not known now, so that the same is drawn.
    /// </summary>
    public static DecodingPlan Again(PartialSequence sequence, TextLayout layout, GapTokenSets constraints, DecodingOptions options)
    {
        var ranks = options.Policy?.Spec is Policy.Adaptive ? null : PartitionModule.groupOf(sequence.Partition);
        var sampler = SamplerOf(options, constraints.In(layout, ranks));
        var plan = Plan(sequence, null, 0, sampler, options with { Reference = false });
        return plan.Revised(sequence, sampler, options.Revision);
    }

    private static DecodingPlan Plan(PartialSequence sequence, Policy.Adaptive? adaptive, int leading, Sampler sampler, DecodingOptions options)
    {
        IDecoder Behind(Func<PartialSequence, IDecoder> next) => leading == 0 ? next(sequence) : new LeadingDecoder(sequence, leading, sampler, next);

        if (options.SpeculativeWindow is int window)
        {
            if (adaptive is not null || options.Reference)
            {
                throw new RequestException("speculative decoding needs an order that is known beforehand and a cache; "
                    + "leave out the adaptive policy and the reference algorithm.");
            }

            IDecoder Speculative(PartialSequence rest) =>
                SpeculativeDecoder.Create(rest, window, new(sampler, SpeculativeRule.Residual));

            // Where it cannot be it is refused now.
            Speculative(sequence.Given(leading, sequence.Start()));
            return Fixed(sequence, () => Behind(Speculative));
        }

        return (adaptive, options.Reference) switch
        {
            (null, false) => Fixed(sequence, () => new GroupwiseDecoder(sequence, sampler)),
            (null, true) => Fixed(sequence, () => new UncachedDecoder(sequence, sampler)),
            (_, true) => new(sequence.Network, () => Behind(rest => new ReferenceDecoder(rest, adaptive, sampler)), _ => null),
            (_, false) => new(
                sequence.Network,
                () => Behind(rest => new AdaptiveDecoder(rest, adaptive, sampler)),
                steps => new(AdaptiveDecoder.PartitionOf(sequence, steps))),
        };
    }

    /// <summary>The same, gone over again when it is done.</summary>
    /// <exception cref="RequestException">A position to revise is not filled.</exception>
    private DecodingPlan Revised(PartialSequence sequence, Sampler sampler, RevisionOptions? revision)
    {
        if (revision is null)
        {
            return this;
        }

        foreach (var position in revision.Positions ?? [])
        {
            if (position < 0 || position >= sequence.Tokens.Length || PartitionModule.isEvidence(position, sequence.Partition))
            {
                throw new RequestException($"Revision.Positions names {position}, but only positions in gaps can be revised.");
            }
        }

        return this with { Start = () => new RevisingDecoder(Start(), sequence, sampler, revision), IsRevised = true };
    }

    private static Sampler SamplerOf(DecodingOptions options, PositionConstraints constraints) =>
        new(options.Sampling, SeedModule.ofInt64(options.Seed), constraints);

    /// <summary>The partition as it is, without what stands behind the end of the text.</summary>
    private static DecodingPlan Fixed(PartialSequence sequence, Func<IDecoder> start) =>
        new(sequence.Network, start, steps => new(Drawn(sequence.Partition, steps)));

    private static Partition Drawn(Partition partition, IReadOnlyList<DecodingStep> steps)
    {
        var drawn = steps.SelectMany(step => step.Tokens).Select(token => token.Position).ToHashSet();
        var groups = PartitionModule.groups(partition)
            .Select((group, rank) => rank < PartitionModule.evidenceGroups(partition) ? group : Array.FindAll(group, drawn.Contains));
        return PartitionModule.create(PartitionModule.evidenceGroups(partition), [.. groups.Where(group => group.Length > 0)]);
    }

    private static DecodingPlan Causal(INetwork network, TextLayout layout, GapTokenSets constraints, DecodingOptions options)
    {
        RequireCausal(layout, options);
        var open = layout.Open;
        int[] prompt = [.. layout.Tokens[..(layout.Tokens.Length - open.Length)]];

        if (prompt.Length == 0)
        {
            throw new RequestException("There is nothing to continue: the tokenizer's own rules put no BOS before a text, and the "
                + "content stream predicts what follows a token; give a text to continue.");
        }

        int[] ranks = [.. Enumerable.Range(0, layout.Tokens.Length)];
        var sampler = SamplerOf(options, constraints.In(layout, ranks, isCausal: true));
        var causal = CausalDecoder.Create(network, prompt, open.Length, sampler);
        return new(network, () => causal.Fork(null), _ => null);
    }

    private static void RequireCausal(TextLayout layout, DecodingOptions options)
    {
        if (options.Policy is not null || options.SpeculativeWindow is not null || options.Reference || options.Revision is not null)
        {
            throw new RequestException(options.Causal
                ? "causal decoding goes left to right through the content stream; leave out policy, speculation, "
                    + "reference and revision, or leave out causal."
                : "This checkpoint has no query stream (model.query_embed), so it decodes left to right only; leave "
                    + "out policy, speculation, reference and revision, or adapt it with a3 train --init.");
        }

        var open = layout.Open;

        if (open.Length > 0 && open[0] != layout.Tokens.Length - open.Length)
        {
            throw new RequestException(
                $"The gap at position {open[0]} has text behind it, which the content stream cannot see; fill gaps "
                + "with the query stream of an A3 checkpoint, or end the text with its only gap.");
        }
    }
}

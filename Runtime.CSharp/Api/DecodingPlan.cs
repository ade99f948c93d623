namespace A3.Runtime;

using A3.Model;

/// <summary>
/// The one place that chooses a decoder: what runs, and the partition that it turns out to have run under.
/// </summary>
internal sealed record DecodingPlan(
    INetwork Network,
    Func<IDecoder> Start,
    Func<IReadOnlyList<DecodingStep>, A3.Partition?> PartitionOf)
{
    /// <summary>For a template: evidence is one group, its gaps are filled as the options say.</summary>
    /// <exception cref="A3Exception">
    /// Options that exclude each other, or that the network or the template does not allow.
    /// </exception>
    public static DecodingPlan For(
        INetwork network,
        EncodedTemplate template,
        GapConstraints constraints,
        IReadOnlySet<int> stops,
        DecodingOptions options)
    {
        if (options.Causal || network.Architecture.QueryStream.IsAbsent)
        {
            return Causal(network, template, stops, SamplerOf(options, constraints.Of(template, stops, options)), options);
        }

        var shape = ShapeModule.given(template.Evidence, ShapeModule.ofLength(template.Tokens.Length));
        var policy = options.Policy?.Spec ?? Policy.NewFixed(GroupingModule.singletons(Order.LeftToRight));
        var grouping = policy is Policy.Fixed given ? given.Item : Grouping.NewCut(Order.LeftToRight, Cut.AllAtOnce);
        var partition = GroupingModule.resolve(shape, grouping);

        if (GroupingModule.givesEvidence(grouping))
        {
            throw new A3Exception(
                $"policy '{GroupingModule.print(grouping)}' gives positions of its own, but what is given when "
                + "filling gaps is their text; leave 'given' out.");
        }

        return For(
            Canvas.ToDecode(network, [.. template.Tokens], partition), template, constraints, policy as Policy.Adaptive, options);
    }

    /// <summary>
    /// For a canvas: its partition as it is, or an adaptive policy over its target groups taken together.
    /// </summary>
    /// <exception cref="A3Exception">Options that exclude each other.</exception>
    public static DecodingPlan For(
        Canvas canvas,
        EncodedTemplate template,
        GapConstraints constraints,
        Policy.Adaptive? adaptive,
        DecodingOptions options)
    {
        var sampler = SamplerOf(options, constraints.Of(template, constraints.EndIds.ToHashSet(), options));

        if (options.SpeculativeWindow is int window)
        {
            if (adaptive is not null || options.Reference)
            {
                throw new A3Exception("speculative decoding needs an order that is known beforehand and a cache; "
                    + "leave out the adaptive policy and the reference algorithm.");
            }

            var speculative = SpeculativeDecoder.Create(canvas, window, new(sampler, SpeculativeRule.Residual));
            return Fixed(canvas, () => speculative.Fork(null)).Revised(canvas, sampler, options.Revision);
        }

        var plan = (adaptive, options.Reference) switch
        {
            (null, false) => Fixed(canvas, () => new GroupwiseDecoder(canvas, sampler)),
            (null, true) => Fixed(canvas, () => new UncachedDecoder(canvas, sampler)),
            (_, true) => new(canvas.Network, () => new ReferenceDecoder(canvas, adaptive, sampler), _ => null),
            (_, false) => new(
                canvas.Network,
                () => new AdaptiveDecoder(canvas, adaptive, sampler),
                steps => new(AdaptiveDecoder.PartitionOf(canvas, steps))),
        };
        return plan.Revised(canvas, sampler, options.Revision);
    }

    /// <summary>The same, gone over again when it is done.</summary>
    /// <exception cref="ArgumentException">A position to revise is not filled.</exception>
    private DecodingPlan Revised(Canvas canvas, Sampler sampler, RevisionOptions? revision)
    {
        if (revision is null)
        {
            return this;
        }

        foreach (var position in revision.Positions ?? [])
        {
            if (position < 0 || position >= canvas.Tokens.Length || PartitionModule.isEvidence(position, canvas.Partition))
            {
                throw new ArgumentException(
                    $"Revision.Positions names {position}, but only positions in gaps can be revised.", nameof(revision));
            }
        }

        return this with { Start = () => new RevisingDecoder(Start(), canvas, sampler, revision) };
    }

    private static Sampler SamplerOf(DecodingOptions options, AllowedTokens? allowed) =>
        new(options.Sampling, SeedModule.ofInt64(options.Seed), allowed);

    private static DecodingPlan Fixed(Canvas canvas, Func<IDecoder> start) =>
        new(canvas.Network, start, _ => new(canvas.Partition));

    private static DecodingPlan Causal(
        INetwork network,
        EncodedTemplate template,
        IReadOnlySet<int> stops,
        Sampler sampler,
        DecodingOptions options)
    {
        if (options.Policy is not null || options.SpeculativeWindow is not null || options.Reference || options.Revision is not null)
        {
            throw new A3Exception(options.Causal
                ? "causal decoding goes left to right through the content stream; leave out policy, speculation, "
                    + "reference and revision, or leave out causal."
                : "This checkpoint has no query stream (model.query_embed), so it decodes left to right only; leave "
                    + "out policy, speculation, reference and revision, or adapt it with a3 train --init.");
        }

        var open = template.Open;

        if (open.Length > 0 && open[0] != template.Tokens.Length - open.Length)
        {
            throw new A3Exception(
                $"The gap at position {open[0]} has text behind it, which the content stream cannot see; fill gaps "
                + "with the query stream of an A3 checkpoint, or end the text with its only gap.");
        }

        int[] prompt = [.. template.Tokens[..(template.Tokens.Length - open.Length)]];

        if (prompt.Length == 0)
        {
            throw new A3Exception("There is nothing to continue: the tokenizer's own rules put no BOS before a text, and the "
                + "content stream predicts what follows a token; give a text to continue.");
        }

        var causal = CausalDecoder.Create(network, prompt, open.Length, stops, sampler);
        return new(network, () => causal.Fork(null), _ => null);
    }
}

namespace A3.Runtime;

using A3.Model;

/// <summary>
/// The one place that chooses a decoder: what runs, and the partition that it turns out to have run under.
/// </summary>
internal sealed record DecodingPlan(
    Func<CancellationToken, IEnumerable<DecodingStep>> Steps,
    Func<IReadOnlyList<DecodingStep>, A3.Partition?> PartitionOf)
{
    /// <summary>For a template: evidence is one group, its gaps are filled as the options say.</summary>
    /// <exception cref="A3Exception">
    /// Options that exclude each other, or that the network or the template does not allow.
    /// </exception>
    public static DecodingPlan For(
        INetwork network,
        EncodedTemplate template,
        IReadOnlySet<int> stops,
        DecodingOptions options)
    {
        if (options.Causal || network.Architecture.QueryStream.IsAbsent)
        {
            return Causal(network, template, stops, options);
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

        return For(Canvas.ToDecode(network, [.. template.Tokens], partition), policy as Policy.Adaptive, options);
    }

    /// <summary>
    /// For a canvas: its partition as it is, or an adaptive policy over its target groups taken together.
    /// </summary>
    /// <exception cref="A3Exception">Options that exclude each other.</exception>
    public static DecodingPlan For(Canvas canvas, Policy.Adaptive? adaptive, DecodingOptions options)
    {
        var (sampling, seed) = (options.Sampling, SeedModule.ofInt64(options.Seed));

        if (options.SpeculativeWindow is int window)
        {
            if (adaptive is not null || options.Reference)
            {
                throw new A3Exception("speculative decoding needs an order that is known beforehand and a cache; "
                    + "leave out the adaptive policy and the reference algorithm.");
            }

            return Fixed(canvas, Eagerly(stop => SpeculativeDecoder.Decode(canvas, window, sampling, seed, stop)));
        }

        return (adaptive, options.Reference) switch
        {
            (null, false) => Fixed(canvas, stop => GroupwiseDecoder.Decode(canvas, sampling, seed, stop)),
            (null, true) => Fixed(canvas, stop => UncachedDecoder.Decode(canvas, sampling, seed, stop)),
            (_, true) => new(stop => AdaptiveDecoder.DecodeReference(canvas, adaptive, sampling, seed, stop), _ => null),
            (_, false) => new(
                stop => AdaptiveDecoder.Decode(canvas, adaptive, sampling, seed, stop),
                steps => new(AdaptiveDecoder.PartitionOf(canvas, steps))),
        };
    }

    private static DecodingPlan Fixed(Canvas canvas, Func<CancellationToken, IEnumerable<DecodingStep>> steps) =>
        new(steps, _ => new(canvas.Partition));

    private static DecodingPlan Causal(
        INetwork network,
        EncodedTemplate template,
        IReadOnlySet<int> stops,
        DecodingOptions options)
    {
        if (options.Policy is not null || options.SpeculativeWindow is not null || options.Reference)
        {
            throw new A3Exception(options.Causal
                ? "causal decoding goes left to right through the content stream; leave out policy, speculation and "
                    + "reference, or leave out causal."
                : "This checkpoint has no query stream (model.query_embed), so it decodes left to right only; leave "
                    + "out policy, speculation and reference, or adapt it with a3 train --init.");
        }

        var open = template.Open;

        if (open.Length > 0 && open[0] != template.Tokens.Length - open.Length)
        {
            throw new A3Exception(
                $"The gap at position {open[0]} has text behind it, which the content stream cannot see; fill gaps "
                + "with the query stream of an A3 checkpoint, or end the text with its only gap.");
        }

        int[] prompt = [.. template.Tokens[..(template.Tokens.Length - open.Length)]];
        var seed = SeedModule.ofInt64(options.Seed);
        return new(
            Eagerly(stop => CausalDecoder.Decode(network, prompt, open.Length, stops, options.Sampling, seed, stop)),
            _ => null);
    }

    /// <summary>Runs the checks of a decoder now, and the decoder itself when its steps are asked for.</summary>
    private static Func<CancellationToken, IEnumerable<DecodingStep>> Eagerly(
        Func<CancellationToken, IEnumerable<DecodingStep>> decode)
    {
        _ = decode(CancellationToken.None);
        return decode;
    }
}

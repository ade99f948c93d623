using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>
/// Settles the gaps of unknown length of a template, from left to right. Every length is tried: the text before the gap is run once
/// and shared by all, and one pass serves them all at every token, so that trying them costs the passes of the longest.
/// </summary>
/// <param name="network">With a query stream.</param>
/// <param name="tokenizer">Of the template.</param>
/// <param name="template">With gaps of unknown length.</param>
/// <param name="bias">[vocabulary], minus infinity for what is no text; null where all is.</param>
internal sealed class GapLengthSettlement(INetwork network, ITokenizer tokenizer, Template template, float[]? bias)
{
    private readonly ImmutableArray<int[]> encoded = EncodedTemplate.Encode(template, tokenizer);
    private readonly List<ContentRow> before = [];
    private readonly List<TemplatePart> settled = [];
    private readonly List<GapLengthChoice> choices = [];
    private int position;
    private int gaps;

    /// <summary>The template with a length for every gap, and how they were chosen.</summary>
    /// <exception cref="A3Exception">Nothing given follows a gap of unknown length.</exception>
    public (Template Settled, ImmutableArray<GapLengthChoice> Choices) Settle(CancellationToken cancellation)
    {
        network.RequireQueryStream();
        Place([EncodedTemplate.Bos(tokenizer)]);

        for (var part = 0; part < template.Parts.Length; part++)
        {
            if (template.Parts[part].IsGap)
            {
                SettleGap(part, cancellation);
            }
            else
            {
                Place(encoded[part]);
                settled.Add(template.Parts[part]);
            }
        }

        return (Template.Of(settled), [.. choices]);
    }

    private void Place(int[] tokens)
    {
        before.AddRange(tokens.Select((token, i) => new ContentRow(token, position + i, 0)));
        position += tokens.Length;
    }

    private void SettleGap(int part, CancellationToken cancellation)
    {
        var gap = template.Parts[part];
        var length = gap.GapLength;

        if (gap.HasUnknownLength)
        {
            var choice = Choose(gap, BehindOf(part), cancellation);
            choices.Add(choice);
            length = choice.Length;
        }

        position += length;
        settled.Add(TemplatePart.Gap(length));
        gaps++;
    }

    /// <summary>Tokens of the text that follows a gap at once.</summary>
    private int[] BehindOf(int part) => part + 1 < encoded.Length && encoded[part + 1].Length > 0
        ? encoded[part + 1]
        : throw new A3Exception(
            $"gap {gaps + 1}, {template.Parts[part].GapLength}..{template.Parts[part].LongestGap} tokens long, has no text right "
            + "behind it, which it would have to lead to; give the gap one length (at the end of a text a long one: the text "
            + "may end inside it).");

    private GapLengthChoice Choose(TemplatePart gap, int[] behind, CancellationToken cancellation)
    {
        var probes = Enumerable.Range(gap.GapLength, gap.LongestGap - gap.GapLength + 1)
            .Select(length => new FillProbe(before.Count, behind, position, length, Greedy(length)))
            .ToArray();
        Run(probes, cancellation);
        GapLengthScore[] scores = [.. probes.Select(probe => new GapLengthScore(probe.Length, probe.LogProbability))];
        return new(gaps, scores.MaxBy(score => score.PerToken)!.Length, [.. scores], gap.LongestGap + 1);
    }

    private Sampler Greedy(int length) => new(
        SamplingOptions.Greedy,
        default,
        bias is null ? null : new(Enumerable.Range(position, length).ToDictionary(open => open, _ => bias)));

    private void Run(FillProbe[] probes, CancellationToken cancellation)
    {
        using var pass = network.NewPass();
        using var evidence = network.Open(probes.Max(probe => probe.Capacity));
        cancellation.ThrowIfCancellationRequested();
        pass.Run([new(evidence, before.ToArray(), default)]);
        var states = Array.ConvertAll(probes, probe => new DecodeState(probe, evidence.Fork()));

        try
        {
            foreach (var _ in DecodeLoop.RunAll(states, pass, cancellation))
            {
                // The probes keep what they find.
            }
        }
        finally
        {
            Array.ForEach(states, state => state.Dispose());
        }
    }
}

using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>Settles the gaps of unknown length of a template, from left to right; each choice is part of what the next one sees.</summary>
internal sealed class GapLengthSettlement(INetwork network, ITokenizer tokenizer, Template template)
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
            $"gap {gaps}, {template.Parts[part].GapLength}..{template.Parts[part].LongestGap} tokens long, has no text right "
            + "behind it, which its length is chosen by; give the gap one length (at the end of a text a long one: the text "
            + "may end inside it).");

    private GapLengthChoice Choose(TemplatePart gap, int[] behind, CancellationToken cancellation)
    {
        int[] lengths = [.. Enumerable.Range(gap.GapLength, gap.LongestGap - gap.GapLength + 1)];
        var (logs, passes) = GapLengths.Score(network, [.. before], position, behind, lengths, cancellation);
        var best = logs.Max();
        var total = logs.Sum(log => Math.Exp(log - best));
        GapLengthScore[] scores =
            [.. lengths.Zip(logs, (length, log) => new GapLengthScore(length, log, Math.Exp(log - best) / total))];
        return new(gaps, lengths[logs.IndexOf(best)], [.. scores], passes);
    }
}

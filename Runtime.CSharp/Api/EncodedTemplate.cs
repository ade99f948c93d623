using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A template in tokens: what stands before every text, the texts, and 0 in the gaps.</summary>
/// <param name="Tokens">One per position.</param>
/// <param name="Gaps">First position and number of positions of each gap.</param>
internal sealed record EncodedTemplate(ImmutableArray<int> Tokens, ImmutableArray<(int Start, int Length)> Gaps)
{
    /// <summary>How many tokens stand before the text.</summary>
    public int Beginning { get; init; } = 1;

    /// <summary>Positions that are to be filled, ascending.</summary>
    public int[] Open => [.. Gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Length))];

    /// <summary>Positions that are given, ascending.</summary>
    public int[] Evidence => [.. Enumerable.Range(0, Tokens.Length).Except(Open)];

    /// <summary>The last position that is given, -1 for none: a text may end behind it.</summary>
    public int LastGiven => Evidence.LastOrDefault(-1);

    /// <summary>The template in tokens; every gap has one length.</summary>
    /// <param name="template">Texts and gaps.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    /// <param name="context">Positions that the network holds.</param>
    /// <param name="causal">
    /// Whether the text begins as the tokenizer's own rules say, possibly with nothing, instead of with the first token of two streams.
    /// </param>
    /// <exception cref="A3Exception">The template is longer than the context, or no token begins a text.</exception>
    /// <exception cref="TokenizerException">The vocabulary cannot express a text.</exception>
    public static EncodedTemplate Of(Template template, ITokenizer tokenizer, int context, bool causal = false)
    {
        List<int> tokens = causal ? [.. tokenizer.Prefix] : [Bos(tokenizer)];
        var beginning = tokens.Count;
        var gaps = ImmutableArray.CreateBuilder<(int Start, int Length)>();
        RequireFits(template, beginning, context);
        var encoded = Encode(template, tokenizer);
        RequireFits(template, beginning + encoded.Sum(ids => ids.Length), context);

        for (var i = 0; i < encoded.Length; i++)
        {
            var part = template.Parts[i];

            if (part.IsGap)
            {
                gaps.Add((tokens.Count, part.GapLength));
            }

            tokens.AddRange(part.IsGap ? Enumerable.Repeat(0, part.GapLength) : encoded[i]);
        }

        return new([.. tokens], gaps.ToImmutable()) { Beginning = beginning };
    }

    /// <summary>
    /// The ids of each text by itself, none for gaps. One space before a gap is left to the gap, because tokens carry the space
    /// before their word; a space after a gap stays with the text.
    /// </summary>
    /// <exception cref="TokenizerException">The vocabulary cannot express a text.</exception>
    public static ImmutableArray<int[]> Encode(Template template, ITokenizer tokenizer)
    {
        int[] EncodePart(TemplatePart part, int index)
        {
            var beforeGap = index + 1 < template.Parts.Length;
            var text = beforeGap && part.Text.EndsWith(' ') ? part.Text[..^1] : part.Text;
            return index == 0 ? tokenizer.Encode(text, addBos: false) : tokenizer.EncodeContinuation(text);
        }

        return [.. template.Parts.Select((part, index) => part.IsGap ? [] : EncodePart(part, index))];
    }

    /// <summary>The token that every text starts with for two streams.</summary>
    /// <exception cref="A3Exception">The tokenizer has none.</exception>
    public static int Bos(ITokenizer tokenizer) => tokenizer.FirstId ?? throw new A3Exception(
        "The tokenizer names neither a BOS nor an end-of-text token, but decoding starts from one of them; name bos_token or "
        + "eos_token in tokenizer_config.json.");

    /// <summary>The longest the template can become must fit.</summary>
    /// <exception cref="A3Exception">It does not.</exception>
    public static void RequireFits(Template template, long given, int context)
    {
        var open = template.Parts.Sum(part => (long)part.LongestGap);

        if (given + open > context)
        {
            throw new A3Exception(
                $"The template takes at least {given + open} positions ({given} of text with BOS, {open} in gaps), "
                + $"but the model's context holds {context}; shorten the text or the gaps.");
        }
    }

    /// <summary>Tokens of which some are to be drawn anew; neighbouring ones are one gap.</summary>
    public static EncodedTemplate Of(IReadOnlyList<int> tokens, Func<int, bool> isOpen)
    {
        var gaps = ImmutableArray.CreateBuilder<(int Start, int Length)>();

        for (var position = 0; position < tokens.Count; position++)
        {
            if (isOpen(position))
            {
                var start = position;

                while (position + 1 < tokens.Count && isOpen(position + 1))
                {
                    position++;
                }

                gaps.Add((start, position + 1 - start));
            }
        }

        return new([.. tokens], gaps.ToImmutable());
    }
}

using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A template in tokens: BOS, the texts, and 0 in the gaps.</summary>
/// <param name="Tokens">One per position.</param>
/// <param name="Gaps">First position and number of positions of each gap.</param>
internal sealed record EncodedTemplate(ImmutableArray<int> Tokens, ImmutableArray<(int Start, int Length)> Gaps)
{
    /// <summary>Positions that are to be filled, ascending.</summary>
    public int[] Open => [.. Gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Length))];

    /// <summary>Positions that are given, ascending.</summary>
    public int[] Evidence => [.. Enumerable.Range(0, Tokens.Length).Except(Open)];

    /// <summary>The last position that is given, -1 for none: a text may end behind it.</summary>
    public int LastGiven => Evidence.LastOrDefault(-1);

    /// <summary>The template in tokens; every gap has one length.</summary>
    /// <exception cref="A3Exception">The template is longer than the context, or the tokenizer has no BOS.</exception>
    /// <exception cref="TokenizerException">The vocabulary cannot express a text.</exception>
    public static EncodedTemplate Of(Template template, ITokenizer tokenizer, int context)
    {
        var tokens = new List<int> { Bos(tokenizer) };
        var gaps = ImmutableArray.CreateBuilder<(int Start, int Length)>();
        RequireFits(template, 1, context);
        var encoded = Encode(template, tokenizer);
        RequireFits(template, 1 + encoded.Sum(ids => ids.Length), context);

        for (var i = 0; i < encoded.Length; i++)
        {
            var part = template.Parts[i];

            if (part.IsGap)
            {
                gaps.Add((tokens.Count, part.GapLength));
            }

            tokens.AddRange(part.IsGap ? Enumerable.Repeat(0, part.GapLength) : encoded[i]);
        }

        return new([.. tokens], gaps.ToImmutable());
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

    /// <summary>The token that every text starts with.</summary>
    /// <exception cref="A3Exception">The tokenizer has none.</exception>
    public static int Bos(ITokenizer tokenizer) => tokenizer.BosId ?? throw new A3Exception(
        "The tokenizer names no BOS token, but decoding starts from one; name bos_token in tokenizer_config.json.");

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

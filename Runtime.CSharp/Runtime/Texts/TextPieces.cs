using System.Text;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>The pieces of a text with gaps: what is given, as it was given, and what stands between.</summary>
internal sealed class TextPieces(Vocabulary vocabulary, TextLayout layout)
{
    /// <summary>The text before a gap, or behind the last.</summary>
    public string Given(int index)
    {
        if (layout.Givens is { } givens)
        {
            return givens[index];
        }

        var first = index == 0 ? layout.FirstText : layout.Gaps[index - 1].End;
        var end = index < layout.Gaps.Length ? layout.Gaps[index].First : layout.Tokens.Length;
        byte[] bytes =
        [
            .. index > 0 ? layout.BorderBytes(layout.Gaps[index - 1].End - 1, BorderSide.Behind) : [],
            .. vocabulary.Join(layout.Tokens.AsSpan()[first..Math.Max(first, end)]),
            .. index < layout.Gaps.Length ? Before(layout.Gaps[index]) : [],
        ];
        return Text(bytes, index == 0);
    }

    /// <summary>What was drawn between the given texts, whole characters of it, or what stands there so far.</summary>
    /// <param name="index">Of the gap.</param>
    /// <param name="drawn">The token of a position; null where there is none.</param>
    public string Gap(int index, Func<int, int?> drawn)
    {
        var stream = GapStream(index);
        var text = new StringBuilder();

        for (var position = layout.Gaps[index].First; position < layout.Gaps[index].End; position++)
        {
            if (drawn(position) is int token)
            {
                text.Append(stream.Push(position, token));
            }
        }

        return text.Append(stream.Finish()).ToString();
    }

    /// <summary>The whole text.</summary>
    public string Whole(Func<int, int?> drawn)
    {
        var text = new StringBuilder();

        for (var index = 0; index <= layout.Gaps.Length; index++)
        {
            text.Append(Given(index)).Append(index < layout.Gaps.Length ? Gap(index, drawn) : "");
        }

        return text.ToString();
    }

    /// <summary>The text of a gap as its tokens arrive.</summary>
    public GapStream GapStream(int index)
    {
        var gap = layout.Gaps[index];
        var beginsText = index == 0 && gap.First == layout.FirstText && Before(gap).IsEmpty && Given(0).Length == 0;
        return new(vocabulary, layout, beginsText && vocabulary.Tokenizer.AddsLeadingSpace);
    }

    private ReadOnlySpan<byte> Before(TextGap gap) => layout.BorderBytes(gap.First, BorderSide.Before);

    private string Text(byte[] bytes, bool beginsText)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return beginsText && vocabulary.Tokenizer.AddsLeadingSpace && text.StartsWith(' ') ? text[1..] : text;
    }
}

using System.Collections.Immutable;
using System.Text;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>A whole text in its tokens, and the bytes that each holds (law 14: one text, one tokenisation).</summary>
/// <param name="Tokens">The first token, if there is one, and those of the text.</param>
/// <param name="FirstText">The position of the first token of the text.</param>
/// <param name="Starts">By position, and the end: the byte of the text at which its token starts.</param>
internal sealed record SpeltText(ImmutableArray<int> Tokens, int FirstText, ImmutableArray<int> Starts)
{
    /// <summary>Whether tokens hold the bytes of the text, so that a place in the text is one in the tokens.</summary>
    public required bool IsAligned { get; init; }

    /// <summary>Spells a text.</summary>
    /// <exception cref="TokenizerException">The vocabulary cannot express it.</exception>
    public static SpeltText Of(string text, Vocabulary vocabulary, ImmutableArray<int> firstTokens)
    {
        var ids = text.Length == 0 ? [] : vocabulary.Tokenizer.Encode(text, addBos: false);
        var bytes = Encoding.UTF8.GetBytes(text);
        var spelt = vocabulary.Join(ids);
        var added = vocabulary.Tokenizer.AddsLeadingSpace && spelt.Length == bytes.Length + 1 ? 1 : 0;
        var starts = ImmutableArray.CreateBuilder<int>();
        starts.AddRange(firstTokens.Select(_ => 0));
        var at = 0;

        foreach (var id in ids)
        {
            starts.Add(Math.Max(0, at - added));
            at += vocabulary.Bytes(id).Length;
        }

        starts.Add(Math.Max(0, at - added));
        return new([.. firstTokens, .. ids], firstTokens.Length, starts.ToImmutable())
        {
            IsAligned = spelt.AsSpan(added).SequenceEqual(bytes),
        };
    }

    /// <summary>The position whose token holds a byte of the text.</summary>
    public int Holding(int at)
    {
        var position = FirstText;

        while (Starts[position + 1] <= at)
        {
            position++;
        }

        return position;
    }
}

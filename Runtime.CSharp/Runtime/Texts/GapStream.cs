using System.Text;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>Turns the tokens of a gap, in text order, into the text between the given ones; never half a character.</summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="layout">Whose gap it is.</param>
/// <param name="dropsSpace">Whether its first space is one that the tokenizer puts before a text.</param>
internal sealed class GapStream(Vocabulary vocabulary, TextLayout layout, bool dropsSpace)
{
    private readonly Decoder decoder = new UTF8Encoding().GetDecoder();
    private bool dropsSpace = dropsSpace;

    /// <summary>The text that the next token completes.</summary>
    public string Push(int position, int token)
    {
        var bytes = vocabulary.Bytes(token);
        var before = layout.BorderBytes(position, BorderSide.Before).Length;
        var behind = layout.BorderBytes(position, BorderSide.Behind).Length;
        var own = bytes[Math.Min(before, bytes.Length)..Math.Max(before, bytes.Length - behind)];

        if (dropsSpace && !own.IsEmpty)
        {
            own = own[0] == ' ' ? own[1..] : own;
            dropsSpace = false;
        }

        return Convert(own, flush: false);
    }

    /// <summary>What was held back: half characters as U+FFFD.</summary>
    public string Finish() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[decoder.GetCharCount(bytes, flush)];
        return new string(characters, 0, decoder.GetChars(bytes, characters, flush));
    }
}

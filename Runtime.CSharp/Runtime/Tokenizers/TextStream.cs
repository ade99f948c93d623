using System.Text;

namespace A3;

/// <summary>Turns tokens into text as they arrive, in text order, and holds back half characters until the other half comes.</summary>
/// <remarks>The pieces joined equal <see cref="ITokenizer.Decode"/> of all ids. Not safe to share between threads.</remarks>
/// <param name="tokenizer">Whose tokens arrive.</param>
/// <param name="continuation">Whether other text comes before; false at the start of a text.</param>
public sealed class TextStream(ITokenizer tokenizer, bool continuation)
{
    private readonly Decoder _decoder = new UTF8Encoding().GetDecoder();
    private bool _dropSpace = !continuation && tokenizer.AddsLeadingSpace;

    /// <summary>The text that the next token completes, possibly empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Push(int id) => Convert(tokenizer.TokenBytes(id).Span, flush: false);

    /// <summary>What was held back, as U+FFFD; the stream then starts over as a continuation.</summary>
    public string Finish() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        var length = _decoder.GetChars(bytes, characters, flush);
        var start = _dropSpace && length > 0 && characters[0] == ' ' ? 1 : 0;
        _dropSpace &= length == 0;
        return new string(characters, start, length - start);
    }
}

using A3.Runtime.Tokenizers;

namespace A3.Runtime.Api;

using A3.Model;

/// <summary>What a grouping may know of an encoded text.</summary>
internal static class TextSequenceLayout
{
    /// <summary>The shape of a text of which BOS, its first token, is given; see <see cref="TextBoundaries"/>.</summary>
    public static SequenceLayout Of(ReadOnlySpan<int> tokens, ITokenizer tokenizer)
    {
        var (words, sentences) = TextBoundaries.Of(tokens, tokenizer);
        var shape = SequenceLayoutModule.given([0], SequenceLayoutModule.ofLength(tokens.Length));
        return new(shape.Length, shape.Evidence, words, sentences);
    }
}

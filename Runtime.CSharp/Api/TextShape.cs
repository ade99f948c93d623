namespace A3.Runtime;

using A3.Model;

/// <summary>Where words and sentences of an encoded text start, for groupings that speak of them.</summary>
internal static class TextShape
{
    private const string SentenceEnds = ".!?";
    private const string Closing = "\"')]}";

    /// <summary>The shape of a text of which BOS is given.</summary>
    /// <remarks>
    /// A word is white space and what follows it up to the next white space; it starts at the token of its first byte, or after
    /// it where that byte ends an earlier word's token. A sentence starts at the first word after a full stop, question or
    /// exclamation mark and what closes quotes and brackets behind it.
    /// </remarks>
    public static Shape Of(ReadOnlySpan<int> tokens, ITokenizer tokenizer)
    {
        var (words, sentences) = (new List<int>(), new List<int>());
        var (blank, afterSpace, afterSentence) = (false, true, true);

        for (var position = 1; position < tokens.Length; position++)
        {
            var bytes = tokenizer.TokenBytes(tokens[position]).Span;

            if (!blank && (afterSpace || (bytes.Length > 0 && IsSpace(bytes[0]))))
            {
                words.Add(position);
                blank = true;

                if (afterSentence)
                {
                    sentences.Add(position);
                }
            }

            foreach (var letter in bytes)
            {
                afterSpace = IsSpace(letter);
                blank &= afterSpace;
                afterSentence = SentenceEnds.Contains((char)letter)
                    || (afterSentence && (afterSpace || Closing.Contains((char)letter)));
            }
        }

        var shape = ShapeModule.given([0], ShapeModule.ofLength(tokens.Length));
        return new(shape.Length, shape.Evidence, [.. words], [.. sentences]);
    }

    private static bool IsSpace(byte letter) => letter is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}

namespace A3.Runtime.Tokenizers;

/// <summary>Where words and sentences of a tokenized text start, for groupings and data orders that speak of them.</summary>
/// <remarks>
/// A word is white space and what follows it up to the next white space; it starts at the token of its first byte, or after it
/// where that byte ends an earlier word's token. A sentence starts at the first word after a full stop, question or exclamation
/// mark and what closes quotes and brackets behind it. Special tokens are no text and start nothing.
/// </remarks>
internal static class TextBoundaries
{
    private const string SentenceEnds = ".!?";
    private const string Closing = "\"')]}";

    /// <summary>The indices of the tokens at which words and sentences start, ascending.</summary>
    public static (int[] Words, int[] Sentences) Of(ReadOnlySpan<int> tokens, ITokenizer tokenizer)
    {
        var (words, sentences) = (new List<int>(), new List<int>());
        var (blank, afterSpace, afterSentence) = (false, true, true);
        for (var index = 0; index < tokens.Length; index++)
        {
            var bytes = tokenizer.TokenBytes(tokens[index]).Span;
            if (!blank && bytes.Length > 0 && (afterSpace || IsSpace(bytes[0])))
            {
                words.Add(index);
                blank = true;
                if (afterSentence)
                {
                    sentences.Add(index);
                }
            }

            foreach (var letter in bytes)
            {
                afterSpace = IsSpace(letter);
                blank &= afterSpace;
                afterSentence = SentenceEnds.Contains((char)letter, StringComparison.Ordinal)
                    || (afterSentence && (afterSpace || Closing.Contains((char)letter, StringComparison.Ordinal)));
            }
        }

        return ([.. words], [.. sentences]);
    }

    private static bool IsSpace(byte letter) => letter is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}

namespace A3.Runtime;

/// <summary>
/// Turns the tokens of a template, in text order, into text. A text may end inside its last gap, at the token that ends texts:
/// what stands behind it has no text. Not safe to share between threads.
/// </summary>
internal sealed class TokenWriter(ITokenizer tokenizer, EncodedTemplate template)
{
    private readonly TextStream stream = new(tokenizer, continuation: false);
    private readonly int lastGiven = template.LastGiven;
    private bool ended;

    /// <summary>Whether a token at a position ends the text.</summary>
    public bool Ends(int position, int token) => position > lastGiven && tokenizer.EosIds.Contains(token);

    /// <summary>The text that the next token completes.</summary>
    public string Write(int position, int token)
    {
        if (ended)
        {
            return "";
        }

        ended = Ends(position, token);
        return ended ? stream.Finish() : stream.Push(token);
    }

    /// <summary>What was held back.</summary>
    public string Finish() => stream.Finish();
}

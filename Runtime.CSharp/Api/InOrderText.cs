using System.Text;

namespace A3.Runtime;

/// <summary>
/// The text of a decode from its beginning up to the first open position, growing as steps arrive; never half a character.
/// </summary>
/// <remarks>What it returns, joined, is <see cref="DecodedText.Text"/>. Not safe to share between threads.</remarks>
public sealed class InOrderText
{
    private readonly EncodedTemplate template;
    private readonly TokenWriter writer;
    private readonly HashSet<int> open;
    private readonly Dictionary<int, int> drawn = [];
    private int next;

    internal InOrderText(ITokenizer tokenizer, EncodedTemplate template)
    {
        this.template = template;
        writer = new(tokenizer, template);
        open = [.. template.Open];
    }

    /// <summary>The text that is now certain and was not before; at first what is given before the first gap.</summary>
    /// <param name="step">The next step of the run; null to ask before the first.</param>
    public string Push(DecodingStep? step)
    {
        foreach (var token in step?.Tokens ?? [])
        {
            drawn[token.Position] = token.Token;
        }

        var text = new StringBuilder();

        for (; next < template.Tokens.Length; next++)
        {
            if (!open.Contains(next))
            {
                text.Append(writer.Write(next, template.Tokens[next]));
            }
            else if (drawn.TryGetValue(next, out var token))
            {
                text.Append(writer.Write(next, token));
            }
            else
            {
                break;
            }
        }

        return text.ToString();
    }

    /// <summary>What was held back: half characters as U+FFFD.</summary>
    public string Finish() => writer.Finish();
}

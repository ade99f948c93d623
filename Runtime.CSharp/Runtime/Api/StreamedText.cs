using System.Text;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;

namespace A3;

/// <summary>
/// The text of a decode from its beginning up to the first open position, growing as steps arrive; never half a character.
/// </summary>
/// <remarks>What it returns, joined, is <see cref="DecodedText.Text"/>. Not safe to share between threads.</remarks>
public sealed class StreamedText
{
    private readonly TextLayout layout;
    private readonly TextPieces pieces;
    private readonly Dictionary<int, int> drawn = [];
    private int gap;
    private int position;
    private GapStream? stream;
    private bool begun;

    internal StreamedText(Vocabulary vocabulary, TextLayout layout)
    {
        this.layout = layout;
        pieces = new(vocabulary, layout);
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

        if (!begun)
        {
            begun = true;
            text.Append(pieces.Given(0));
        }

        while (gap < layout.Gaps.Length && Fill(text))
        {
            gap++;
            text.Append(pieces.Given(gap));
        }

        return text.ToString();
    }

    /// <summary>What was held back: half characters as U+FFFD.</summary>
    public string Finish() => stream?.Finish() ?? "";

    /// <summary>Goes on in a gap; whether it is full.</summary>
    private bool Fill(StringBuilder text)
    {
        if (stream is null)
        {
            (stream, position) = (pieces.GapStream(gap), layout.Gaps[gap].First);
        }

        for (; position < layout.Gaps[gap].End; position++)
        {
            if (!drawn.TryGetValue(position, out var token))
            {
                return false;
            }

            text.Append(stream.Push(position, token));
        }

        text.Append(stream.Finish());
        stream = null;
        return true;
    }
}

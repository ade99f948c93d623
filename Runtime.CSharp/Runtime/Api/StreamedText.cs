using System.Text;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;

namespace A3;

/// <summary>
/// The text of a decode from its beginning up to the first position that is open or that a revision may still change, growing as steps arrive;
/// never half a character.
/// </summary>
/// <remarks>
/// What it returns, <see cref="Finish"/> included, is <see cref="DecodedText.Text"/> when joined. Where filled text is gone over again
/// (<see cref="DecodingOptions.Revision"/>), every position may change until the last step: all but what is given before the first gap waits
/// for <see cref="Finish"/>. Not safe to share between threads.
/// </remarks>
public sealed class StreamedText
{
    private readonly TextLayout layout;
    private readonly TextPieces pieces;
    private readonly bool isRevised;
    private readonly Dictionary<int, int> drawn = [];
    private int gap;
    private int position;
    private GapStream? stream;
    private bool begun;

    internal StreamedText(Vocabulary vocabulary, TextLayout layout, bool isRevised)
    {
        (this.layout, this.isRevised) = (layout, isRevised);
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

        if (!isRevised)
        {
            Fill(text);
        }

        return text.ToString();
    }

    /// <summary>What was held back, when there are no more steps: what a revision might have changed, and half characters as U+FFFD.</summary>
    public string Finish()
    {
        var text = new StringBuilder();
        Fill(text);
        return text.Append(stream?.Finish()).ToString();
    }

    private void Fill(StringBuilder text)
    {
        while (gap < layout.Gaps.Length && FillGap(text))
        {
            gap++;
            text.Append(pieces.Given(gap));
        }
    }

    /// <summary>Goes on in a gap; whether it is full.</summary>
    private bool FillGap(StringBuilder text)
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

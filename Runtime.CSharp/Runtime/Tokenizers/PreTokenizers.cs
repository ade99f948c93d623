namespace A3.Runtime.Tokenizers;

/// <summary>Where a piece stands: whether its text begins the whole text, and whether other text came before that.</summary>
internal readonly record struct Placement(bool First, bool Continuation);

/// <summary>Cuts a piece of text into words; merges never cross their borders.</summary>
internal interface IPreTokenizer
{
    void Split(ReadOnlyMemory<char> piece, Placement placement, List<ReadOnlyMemory<char>> words);
}

/// <summary>What happens to the matches of a <see cref="SplitPreTokenizer"/>.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts at the matches of a pattern, or (inverted) at what lies between them.</summary>
internal sealed class SplitPreTokenizer(SplitPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> piece, Placement placement, List<ReadOnlyMemory<char>> words)
    {
        var segments = new List<(Range Range, bool Matched)>();
        pattern.Segments(piece.Span, segments);
        var (start, end) = (0, 0);
        var previous = false;
        for (var index = 0; index < segments.Count; index++)
        {
            var matched = segments[index].Matched != invert;
            if (index == 0 || !Joins(previous, matched))
            {
                Emit();
                start = segments[index].Range.Start.Value;
            }

            (end, previous) = (segments[index].Range.End.Value, matched);
        }

        Emit();

        void Emit()
        {
            if (end > start && !(behavior == SplitBehavior.Removed && previous))
            {
                words.Add(piece[start..end]);
            }
        }
    }

    private bool Joins(bool previous, bool matched) => behavior switch
    {
        SplitBehavior.Isolated or SplitBehavior.Removed => false,
        SplitBehavior.MergedWithPrevious => !previous && matched,
        SplitBehavior.MergedWithNext => previous && !matched,
        SplitBehavior.Contiguous => previous == matched,
        _ => throw new InvalidOperationException($"{behavior} is no behavior."),
    };
}

/// <summary>Puts a space before a piece that does not begin with one (GPT-2's <c>add_prefix_space</c>).</summary>
internal sealed class PrefixSpace : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> piece, Placement placement, List<ReadOnlyMemory<char>> words)
        => words.Add(placement.Continuation || piece.Span.StartsWith(" ") ? piece : $" {piece}".AsMemory());
}

/// <summary>When a <see cref="Metaspace"/> is put before a piece.</summary>
internal enum PrependScheme
{
    Never,
    First,
    Always,
}

/// <summary>Writes spaces as a visible character and cuts before each one (SentencePiece's <c>▁</c>).</summary>
internal sealed class Metaspace(char replacement, PrependScheme scheme, bool split) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> piece, Placement placement, List<ReadOnlyMemory<char>> words)
    {
        var text = piece.ToString().Replace(' ', replacement);
        var prepend = !placement.Continuation
            && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && placement.First));
        if (prepend && !text.StartsWith(replacement))
        {
            text = replacement + text;
        }

        var start = 0;
        for (var index = 1; split && index < text.Length; index++)
        {
            if (text[index] == replacement)
            {
                words.Add(text.AsMemory(start, index - start));
                start = index;
            }
        }

        words.Add(text.AsMemory(start));
    }
}

/// <summary>Each cuts the words of the one before.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> piece, Placement placement, List<ReadOnlyMemory<char>> words)
    {
        var current = new List<ReadOnlyMemory<char>> { piece };
        foreach (var step in steps)
        {
            var cut = new List<ReadOnlyMemory<char>>(current.Count);
            for (var index = 0; index < current.Count; index++)
            {
                step.Split(current[index], placement with { First = placement.First && index == 0 }, cut);
            }

            current = cut;
        }

        words.AddRange(current);
    }
}

using System.Collections.Immutable;
using A3.Runtime.Tokenizers;

namespace A3;

/// <summary>Where words and sentences of an encoded text begin, for groupings by them: see <see cref="Grouping.NeedsText"/>.</summary>
/// <param name="Words">First positions of words, ascending.</param>
/// <param name="Sentences">First positions of sentences, ascending.</param>
public sealed record TextStarts(ImmutableArray<int> Words, ImmutableArray<int> Sentences)
{
    /// <summary>Those of a text's tokens, the first token included.</summary>
    /// <exception cref="ArgumentNullException">There is no tokenizer.</exception>
    public static TextStarts Of(ReadOnlySpan<int> tokens, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var (words, sentences) = TextBoundaries.Of(tokens, tokenizer);
        return new([.. words], [.. sentences]);
    }
}

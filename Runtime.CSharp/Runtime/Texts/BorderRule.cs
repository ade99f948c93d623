using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>Given tokens at a border that become one open position, whose token must hold their bytes.</summary>
/// <param name="Tokens">How many they are; at least 1.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="IsExact">Whether some token is just these bytes, so that the given spelling is one of those that agree.</param>
internal sealed record BorderOpening(int Tokens, ImmutableArray<byte> Bytes, bool IsExact);

/// <summary>
/// Where the tokens of a given text are opened at a gap, by their bytes and the vocabulary alone: from the earliest of its token borders from
/// which some token goes on beyond the text, and which the tokenizer itself would write there. Behind a gap likewise.
/// </summary>
internal sealed class BorderRule(Vocabulary vocabulary)
{
    /// <summary>Tokens beside a border that say what the tokenizer would write; more changed nothing that was tried.</summary>
    private const int ContextTokens = 8;

    /// <summary>What is opened of the tokens before a gap; null where the border is closed.</summary>
    /// <param name="tokens">Of the given text.</param>
    /// <param name="first">Of these, the first that may be opened.</param>
    /// <param name="beginsText">Whether the first of them begins the text.</param>
    /// <param name="own">What the gap allows; null for all.</param>
    public BorderOpening? Before(ReadOnlySpan<int> tokens, int first, bool beginsText, TokenSet? own)
    {
        for (var at = FirstWithin(tokens, first); at < tokens.Length; at++)
        {
            var bytes = vocabulary.Join(tokens[at..]);

            foreach (var token in vocabulary.BeginningWith(bytes))
            {
                if (GoesOn(token, bytes.Length, own) && IsWrittenBehind(tokens[..at], beginsText, token))
                {
                    return new(tokens.Length - at, [.. bytes], !vocabulary.Exactly(bytes).IsEmpty);
                }
            }
        }

        return null;
    }

    /// <summary>What is opened of the tokens behind a gap; null where the border is closed.</summary>
    public BorderOpening? Behind(ReadOnlySpan<int> tokens, TokenSet? own)
    {
        for (var count = CountWithin(tokens); count > 0; count--)
        {
            var bytes = vocabulary.Join(tokens[..count]);

            foreach (var token in vocabulary.EndingWith(bytes))
            {
                if (GoesOn(token, bytes.Length, own) && IsWrittenBefore(token, tokens[count..]))
                {
                    return new(count, [.. bytes], !vocabulary.Exactly(bytes).IsEmpty);
                }
            }
        }

        return null;
    }

    private bool GoesOn(int token, int bytes, TokenSet? own) =>
        vocabulary.Bytes(token).Length > bytes && own?.Contains(token) != false;

    /// <summary>The first token from which the bytes up to the end are fewer than those of the longest token.</summary>
    private int FirstWithin(ReadOnlySpan<int> tokens, int first)
    {
        var (at, bytes) = (tokens.Length, 0);

        while (at > first && (bytes += vocabulary.Bytes(tokens[at - 1]).Length) < vocabulary.LongestToken)
        {
            at--;
        }

        return at;
    }

    private int CountWithin(ReadOnlySpan<int> tokens)
    {
        var (count, bytes) = (0, 0);

        while (count < tokens.Length && (bytes += vocabulary.Bytes(tokens[count]).Length) < vocabulary.LongestToken)
        {
            count++;
        }

        return count;
    }

    private bool IsWrittenBehind(ReadOnlySpan<int> tokens, bool beginsText, int token)
    {
        var first = Math.Max(0, tokens.Length - ContextTokens);

        // From the beginning of a character on.
        while (first > 0 && Utf8State.After(Utf8State.Start, vocabulary.Bytes(tokens[first])) == Utf8State.Invalid)
        {
            first--;
        }

        return Encode([.. tokens[first..], token], beginsText && first == 0) is [.., var last] && last == token;
    }

    private bool IsWrittenBefore(int token, ReadOnlySpan<int> tokens)
    {
        var end = Math.Min(tokens.Length, ContextTokens);

        // Up to the end of a character.
        while (end < tokens.Length && Utf8State.After(Utf8State.Start, vocabulary.Join([token, .. tokens[..end]])) != Utf8State.Start)
        {
            end++;
        }

        return Encode([token, .. tokens[..end]], beginsText: false) is [var first, ..] && first == token;
    }

    /// <summary>The tokens of the text of some tokens; none where it is not whole characters.</summary>
    private int[] Encode(int[] tokens, bool beginsText)
    {
        var bytes = vocabulary.Join(tokens);

        if (!Utf8.IsValid(bytes))
        {
            return [];
        }

        var text = Encoding.UTF8.GetString(bytes);

        if (!beginsText)
        {
            return vocabulary.Tokenizer.EncodeContinuation(text);
        }

        var isPrefixed = vocabulary.Tokenizer.AddsLeadingSpace && text.StartsWith(' ');
        return vocabulary.Tokenizer.Encode(isPrefixed ? text[1..] : text, addBos: false);
    }
}

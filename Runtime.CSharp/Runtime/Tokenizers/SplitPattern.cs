using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace A3.Runtime.Tokenizers;

/// <summary>A tokenizer's regular expression, matched by code points as Hugging Face does, within a time limit.</summary>
/// <remarks>
/// .NET matches UTF-16 units and sees two surrogates where a letter beyond U+FFFF stands. Such characters are therefore
/// replaced, for matching only, by one rare character of the same Unicode category.
/// </remarks>
internal sealed partial class SplitPattern
{
    /// <summary>The pattern of LLaMA 3.</summary>
    public const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The pattern of GPT-2.</summary>
    public const string Gpt2 =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const int LongestPattern = 10_000;

    private const int MatchMilliseconds = 2000;

    // Slower than 1 MB/s means backtracking gone wild; the patterns in use reach 30 MB/s and more.
    private const double SecondsPerCharacter = 1e-6;

    private readonly Regex _regex;
    private readonly string _file;
    private readonly string _place;

    private SplitPattern(Regex regex, string file, string place)
    {
        _regex = regex;
        _file = file;
        _place = place;
    }

    /// <exception cref="TokenizerException">The pattern does not parse, or .NET would read it in another sense.</exception>
    public static SplitPattern Parse(string pattern, string file, string place)
    {
        foreach (var foreign in (string[])["&&", "[[:", "-["])
        {
            if (pattern.Contains(foreign, StringComparison.Ordinal))
            {
                throw new TokenizerException(file, place, $"'{foreign}' in a regular expression is not supported.");
            }
        }

        if (pattern.Length > LongestPattern)
        {
            throw new TokenizerException(file, place, $"has {pattern.Length} characters; a regular expression of at most {LongestPattern} is read.");
        }

        if (pattern.Any(char.IsSurrogate))
        {
            throw new TokenizerException(file, place, "Characters beyond U+FFFF in a regular expression are not supported.");
        }

        try
        {
            return new SplitPattern(Compile(pattern), file, place);
        }
        catch (ArgumentException error)
        {
            throw new TokenizerException(file, place, $"No regular expression that .NET reads: {error.Message}", error);
        }
    }

    /// <summary>A pattern that matches exactly this text.</summary>
    public static SplitPattern Literal(string text, string file, string place)
        => new(new Regex(Regex.Escape(text), RegexOptions.CultureInvariant), file, place);

    /// <summary>The stretches of a text in order, matches and what lies between them; none is empty.</summary>
    /// <exception cref="TokenizerException">Matching takes too long.</exception>
    public void Segments(ReadOnlySpan<char> text, List<(Range Range, bool Matched)> segments)
    {
        var starts = text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? null : CodePointStarts(text);
        ReadOnlySpan<char> subject = starts is null ? text : CodePoints(text, starts);
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromSeconds(2 + (text.Length * SecondsPerCharacter));
        var end = 0;
        try
        {
            foreach (var match in _regex.EnumerateMatches(subject))
            {
                if (clock.Elapsed > limit)
                {
                    throw new RegexMatchTimeoutException();
                }

                Add(end, match.Index, matched: false);
                Add(match.Index, match.Index + match.Length, matched: true);
                end = match.Index + match.Length;
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new TokenizerException(
                _file, _place, $"The regular expression takes too long on a text of {text.Length} characters.", error);
        }

        Add(end, subject.Length, matched: false);

        void Add(int from, int to, bool matched)
        {
            if (to > from)
            {
                segments.Add((starts is null ? from..to : starts[from]..starts[to], matched));
            }
        }
    }

    private static Regex Compile(string pattern) => pattern switch
    {
        Llama3 => Llama3Regex(),
        Gpt2 => Gpt2Regex(),
        _ => new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(MatchMilliseconds)),
    };

    [GeneratedRegex(Llama3, RegexOptions.CultureInvariant, MatchMilliseconds)]
    private static partial Regex Llama3Regex();

    [GeneratedRegex(Gpt2, RegexOptions.CultureInvariant, MatchMilliseconds)]
    private static partial Regex Gpt2Regex();

    /// <summary>Where each code point begins, and the length of the text at the end.</summary>
    private static int[] CodePointStarts(ReadOnlySpan<char> text)
    {
        var starts = new List<int>(text.Length + 1);
        var index = 0;
        foreach (var character in text.EnumerateRunes())
        {
            starts.Add(index);
            index += IsPair(text, index) ? 2 : 1;
        }

        starts.Add(index);
        return [.. starts];
    }

    private static char[] CodePoints(ReadOnlySpan<char> text, int[] starts)
    {
        var characters = new char[starts.Length - 1];
        for (var index = 0; index < characters.Length; index++)
        {
            var first = text[starts[index]];
            characters[index] = IsPair(text, starts[index])
                ? Representative(new Rune(first, text[starts[index] + 1]))
                : char.IsSurrogate(first) ? '\uFFFD' : first;
        }

        return characters;
    }

    private static bool IsPair(ReadOnlySpan<char> text, int index)
        => index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);

    private static char Representative(Rune character) => Rune.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.UppercaseLetter => '\u0531',
        UnicodeCategory.LowercaseLetter => '\u0561',
        UnicodeCategory.TitlecaseLetter => '\u1F88',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u1200',
        UnicodeCategory.NonSpacingMark => '\u0591',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0966',
        UnicodeCategory.LetterNumber => '\u16EE',
        UnicodeCategory.OtherNumber => '\u0BF0',
        UnicodeCategory.SpaceSeparator => '\u2005',
        UnicodeCategory.LineSeparator => '\u2028',
        UnicodeCategory.ParagraphSeparator => '\u2029',
        UnicodeCategory.Control => '\u0001',
        UnicodeCategory.Format => '\u2061',
        UnicodeCategory.Surrogate => '\uFFFD',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2E17',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u2E02',
        UnicodeCategory.FinalQuotePunctuation => '\u2E03',
        UnicodeCategory.OtherPunctuation => '\u2E2E',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\u20A1',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2600',
        _ => '\u0378',
    };
}

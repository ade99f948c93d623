using System.Collections.Immutable;
using System.Text;

namespace A3.Runtime.Sampling;

/// <summary>
/// Texts that may not stand in what is drawn, however tokens spell them: which tokens would complete one, with the bytes around them. Safe to
/// share between threads.
/// </summary>
internal sealed class ForbiddenTexts
{
    private const int MostListed = 4;

    private readonly Vocabulary vocabulary;
    private readonly ImmutableArray<byte[]> texts;
    private readonly TokenSet holding;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="texts">None empty.</param>
    public ForbiddenTexts(Vocabulary vocabulary, IEnumerable<string> texts)
    {
        this.vocabulary = vocabulary;
        this.texts = [.. texts.Select(Encoding.UTF8.GetBytes)];
        Reach = this.texts.Max(text => text.Length) - 1;
        holding = TokenSet.Where(vocabulary.Size, token => this.texts.Any(text => vocabulary.Bytes(token).IndexOf(text) >= 0));
    }

    /// <summary>The first of them, in brackets behind a space, for messages.</summary>
    public string Listed => $" ({string.Join(", ", texts.Take(MostListed).Select(text => $"\"{Shown.Text(Encoding.UTF8.GetString(text), 40)}\""))})";

    /// <summary>Bytes on either side of a token that matter.</summary>
    public int Reach { get; }

    /// <summary>Tokens that complete a forbidden text between bytes that stand already.</summary>
    /// <param name="before">The bytes right before the token, at most <see cref="Reach"/>; those of an open position end them.</param>
    /// <param name="behind">The bytes right behind it.</param>
    public TokenSet Completing(ReadOnlySpan<byte> before, ReadOnlySpan<byte> behind)
    {
        var found = new List<int>();

        foreach (var text in texts)
        {
            AddCompleting(text, before, behind, found);
        }

        return found.Count == 0 ? holding : holding.Or(TokenSet.Of(vocabulary.Size, found));
    }

    /// <summary>
    /// Whether a forbidden text stands in some bytes and holds some of those from <paramref name="first"/> to before <paramref name="end"/>.
    /// </summary>
    public bool Meets(ReadOnlySpan<byte> bytes, int first, int end)
    {
        foreach (var text in texts)
        {
            for (var at = Math.Max(0, first - text.Length + 1); at < end && at + text.Length <= bytes.Length; at++)
            {
                if (bytes.Slice(at, text.Length).SequenceEqual(text))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>A text that begins before the token, or ends behind it, or both.</summary>
    private void AddCompleting(ReadOnlySpan<byte> text, ReadOnlySpan<byte> before, ReadOnlySpan<byte> behind, List<int> found)
    {
        for (var first = 0; first < text.Length; first++)
        {
            if (!before.EndsWith(text[..first]))
            {
                continue;
            }

            if (first > 0)
            {
                found.AddRange(vocabulary.BeginningWith(text[first..]));
            }

            for (var end = first + 1; end < text.Length; end++)
            {
                if (behind.StartsWith(text[end..]))
                {
                    found.AddRange(first > 0 ? vocabulary.Exactly(text[first..end]) : vocabulary.EndingWith(text[..end]));
                }
            }
        }
    }
}

using System.Collections.Immutable;

namespace A3;

/// <summary>How probable a text is under a partition, token by token.</summary>
/// <param name="Tokens">What was predicted, by ascending position; evidence is not.</param>
/// <param name="Bytes">UTF-8 bytes of these tokens, without those that are given.</param>
/// <param name="Partition">The groups; null where the text was scored left to right through the content stream.</param>
public sealed record TextScore(ImmutableArray<TokenScore> Tokens, int Bytes, Partition? Partition)
{
    /// <summary>
    /// The text's first token where nothing stands before it, which is given and not scored, its bytes not counted; null where all of
    /// the text is scored or the caller said what is given.
    /// </summary>
    public int? Given { get; init; }

    /// <summary>All tokens of the text by position, given ones too.</summary>
    public ImmutableArray<int> Ids { get; init; } = [];

    /// <summary>Borders of what was scored that lie within tokens.</summary>
    public ImmutableArray<Border> Borders { get; init; } = [];

    /// <summary>Natural logarithm of the probability of all scored tokens together.</summary>
    public double LogProbability => Tokens.Sum(token => token.LogProbability);

    /// <summary>The same in bits, with the sign of a cost.</summary>
    public double Bits => -LogProbability / Math.Log(2);

    /// <summary>Bits per UTF-8 byte of the scored text, which compares tokenizers; NaN for none.</summary>
    public double BitsPerByte => Bytes == 0 ? double.NaN : Bits / Bytes;

    /// <summary>exp of the mean cost of a token in nats; NaN for none.</summary>
    public double Perplexity => Tokens.IsEmpty ? double.NaN : Math.Exp(-LogProbability / Tokens.Length);
}

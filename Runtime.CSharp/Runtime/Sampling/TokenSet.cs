using System.Numerics;
using A3.Kernels.Rows;

namespace A3.Runtime.Sampling;

/// <summary>Tokens of a vocabulary that may stand at a position; immutable, safe to share between threads.</summary>
internal sealed class TokenSet
{
    private const int WordBits = 64;

    private readonly ulong[] words;
    private readonly Lazy<float[]> bias;
    private readonly Lazy<bool[]> partial;

    private TokenSet(int vocabulary, ulong[] words)
    {
        (Vocabulary, this.words) = (vocabulary, words);
        Count = words.Sum(BitOperations.PopCount);
        bias = new(CreateBias);
        partial = new(FindPartialBlocks);
    }

    /// <summary>Tokens of the vocabulary, in the set or not.</summary>
    public int Vocabulary { get; }

    /// <summary>Tokens in the set.</summary>
    public int Count { get; }

    /// <summary>[vocabulary], 0 for what is in the set and minus infinity for the rest; made when it is asked for.</summary>
    public float[] Bias => bias.Value;

    /// <summary>Tokens in the set, ascending.</summary>
    public IEnumerable<int> Tokens => Enumerable.Range(0, Vocabulary).Where(Contains);

    /// <summary>The tokens that satisfy a condition.</summary>
    public static TokenSet Where(int vocabulary, Func<int, bool> contains)
    {
        var words = new ulong[(vocabulary + WordBits - 1) / WordBits];

        for (var token = 0; token < vocabulary; token++)
        {
            words[token / WordBits] |= contains(token) ? 1UL << (token % WordBits) : 0;
        }

        return new(vocabulary, words);
    }

    /// <summary>These tokens; ids outside the vocabulary are left out.</summary>
    public static TokenSet Of(int vocabulary, IEnumerable<int> tokens)
    {
        var words = new ulong[(vocabulary + WordBits - 1) / WordBits];

        foreach (var token in tokens)
        {
            if (token >= 0 && token < vocabulary)
            {
                words[token / WordBits] |= 1UL << (token % WordBits);
            }
        }

        return new(vocabulary, words);
    }

    public bool Contains(int token) => (words[token / WordBits] >> (token % WordBits) & 1) != 0;

    /// <summary>What is in both.</summary>
    public TokenSet And(TokenSet other) => new(Vocabulary, [.. words.Zip(other.words, (own, its) => own & its)]);

    /// <summary>What is in one or the other.</summary>
    public TokenSet Or(TokenSet other) => new(Vocabulary, [.. words.Zip(other.words, (own, its) => own | its)]);

    /// <summary>What is here and not there.</summary>
    public TokenSet Except(TokenSet other) => new(Vocabulary, [.. words.Zip(other.words, (own, its) => own & ~its)]);

    /// <summary>Whether both hold the same tokens.</summary>
    public bool SetEquals(TokenSet other) => ReferenceEquals(this, other) || words.AsSpan().SequenceEqual(other.words);

    /// <summary>Whether some token of a block of <see cref="LogSumExp.BlockNumbers"/> is not in the set.</summary>
    public bool IsPartial(int block) => partial.Value[block];

    /// <summary>The logits of some tokens, minus infinity for those that are not in the set.</summary>
    /// <param name="logits">Of tokens from <paramref name="first"/> on.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="masked">As many numbers, written.</param>
    public void Mask(ReadOnlySpan<float> logits, int first, Span<float> masked)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            masked[i] = Contains(first + i) ? logits[i] : float.NegativeInfinity;
        }
    }

    private float[] CreateBias() =>
        [.. Enumerable.Range(0, Vocabulary).Select(token => Contains(token) ? 0 : float.NegativeInfinity)];

    private bool[] FindPartialBlocks() =>
    [
        .. Enumerable.Range(0, LogSoftmax.BlocksOf(Vocabulary)).Select(block =>
        {
            var (first, count) = LogSoftmax.TokensOf(block, block + 1, Vocabulary).GetOffsetAndLength(Vocabulary);
            return !Enumerable.Range(first, count).All(Contains);
        }),
    ];
}

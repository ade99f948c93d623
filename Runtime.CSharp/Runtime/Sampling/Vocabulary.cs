using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace A3.Runtime.Sampling;

/// <summary>
/// What the tokens of a network stand for, looked up by their bytes: which of them begin or end with some bytes, and which take UTF-8 from
/// one state to another. Safe to share between threads.
/// </summary>
internal sealed class Vocabulary
{
    private readonly byte[][] bytes;

    /// <summary>By token: the state behind it for each state before it, four bits each; all ones for no text.</summary>
    private readonly uint[] transitions;

    private readonly Lazy<TokenIndex> byBeginning;
    private readonly Lazy<TokenIndex> byEnd;
    private readonly Lazy<int[]> finishable;
    private readonly ConcurrentDictionary<(int State, int Ends), TokenSet> texts = [];
    private readonly ConcurrentDictionary<(int State, int Ends, TokenKinds Kinds), TokenSet> allowed = [];
    private readonly ConcurrentDictionary<TokenKinds, TokenSet> kindsOfTokens = [];

    /// <param name="tokenizer">What ids stand for.</param>
    /// <param name="size">Ids of the network; those that the tokenizer does not have are no text.</param>
    public Vocabulary(ITokenizer tokenizer, int size)
    {
        Tokenizer = tokenizer;
        bytes = [.. Enumerable.Range(0, size).Select(token => IsKnown(token) ? tokenizer.TokenBytes(token).ToArray() : [])];
        transitions = Array.ConvertAll(bytes, Transitions);
        var known = TokenSet.Where(size, IsText);
        byBeginning = new(() => new(known.Tokens, token => bytes[token]));
        byEnd = new(() => new(known.Tokens, token => Reversed(bytes[token])));
        finishable = new(FindFinishable);
        Ends = [.. tokenizer.EosIds.Where(token => token < size)];
    }

    public ITokenizer Tokenizer { get; }

    /// <summary>Ids of the network.</summary>
    public int Size => bytes.Length;

    /// <summary>Tokens that end a text.</summary>
    public ImmutableArray<int> Ends { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken => field > 0 ? field : field = Math.Max(1, bytes.Max(token => token.Length));

    /// <summary>Whether a token ends a text; read causally, the token that begins the next one does too.</summary>
    public bool IsEnd(int token, bool isCausal) => Ends.Contains(token) || (isCausal && token == Tokenizer.BosId);

    /// <summary>The bytes of a token; none for special ones.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => bytes[token];

    /// <summary>Whether a token is a piece of a text.</summary>
    public bool IsText(int token) => bytes[token].Length > 0;

    /// <summary>Whether the tokenizer knows the id, so that it can be shown.</summary>
    public bool IsKnown(int token) => token < Tokenizer.VocabularySize;

    /// <summary>The state behind a token; what has no bytes leaves it as it is.</summary>
    public int After(int state, int token) => Utf8State.After(state, bytes[token]);

    /// <summary>Tokens of text that lead from a state to one of others, given as bits.</summary>
    public TokenSet Texts(int state, int ends) => texts.GetOrAdd((state, ends), key =>
        TokenSet.Where(Size, token =>
        {
            var after = (int)(transitions[token] >> (4 * key.State) & 15);
            return after != Utf8State.Invalid && (key.Ends >> after & 1) != 0;
        }));

    /// <summary>As <see cref="Texts"/>, with tokens of other kinds where no character is begun.</summary>
    public TokenSet Allowed(int state, int ends, TokenKinds kinds) =>
        state != Utf8State.Start || kinds == TokenKinds.Text
            ? Texts(state, ends)
            : allowed.GetOrAdd((state, ends, kinds), key => Texts(key.State, key.Ends).Or(Of(key.Kinds)));

    /// <summary>Tokens that are not of some kinds.</summary>
    public TokenSet Without(TokenKinds kinds, TokenSet tokens) => tokens.Except(kindsOfTokens.GetOrAdd(kinds, Of));

    /// <summary>States, as bits, from which some text of at most so many tokens, 0 to 3, completes the character.</summary>
    public int Finishable(int tokens) => finishable.Value[tokens];

    /// <summary>Tokens that begin with some bytes, perhaps these alone.</summary>
    public ReadOnlySpan<int> BeginningWith(ReadOnlySpan<byte> prefix) => byBeginning.Value.BeginningWith(prefix);

    /// <summary>Tokens that end with some bytes, perhaps these alone.</summary>
    public ReadOnlySpan<int> EndingWith(ReadOnlySpan<byte> suffix) => byEnd.Value.BeginningWith(Reversed(suffix));

    /// <summary>Tokens of just these bytes.</summary>
    public ReadOnlySpan<int> Exactly(ReadOnlySpan<byte> whole) => byBeginning.Value.Exactly(whole);

    /// <summary>The bytes of some tokens, one after the other.</summary>
    public byte[] Join(ReadOnlySpan<int> tokens)
    {
        var joined = new List<byte>();

        foreach (var token in tokens)
        {
            joined.AddRange(bytes[token]);
        }

        return [.. joined];
    }

    private int[] FindFinishable()
    {
        var states = new int[4];
        states[0] = 1 << Utf8State.Start;

        for (var tokens = 1; tokens < states.Length; tokens++)
        {
            var fewer = states[tokens - 1];
            states[tokens] = Enumerable.Range(0, Utf8State.Count)
                .Where(state => state == Utf8State.Start || Texts(state, fewer).Count > 0)
                .Sum(state => 1 << state);
        }

        return states;
    }

    private TokenSet Of(TokenKinds kinds) => TokenSet.Where(Size, token =>
        IsEnd(token, kinds.HasFlag(TokenKinds.CausalEnds))
            ? (kinds & (TokenKinds.Ends | TokenKinds.CausalEnds)) != 0
            : kinds.HasFlag(TokenKinds.Special) && IsKnown(token) && !IsText(token) && !IsEnd(token, isCausal: true));

    private static byte[] Reversed(ReadOnlySpan<byte> bytes)
    {
        var reversed = bytes.ToArray();
        Array.Reverse(reversed);
        return reversed;
    }

    private static uint Transitions(byte[] token)
    {
        if (token.Length == 0)
        {
            return uint.MaxValue;
        }

        var packed = 0u;

        for (var state = 0; state < Utf8State.Count; state++)
        {
            packed |= (uint)Utf8State.After(state, token) << (4 * state);
        }

        return packed;
    }
}

/// <summary>Kinds of tokens that may stand somewhere beside text.</summary>
[Flags]
internal enum TokenKinds
{
    /// <summary>Text alone.</summary>
    Text = 0,

    /// <summary>What ends a text.</summary>
    Ends = 1,

    /// <summary>What ends a text that is read causally.</summary>
    CausalEnds = 2,

    /// <summary>All that the tokenizer knows and that ends no text.</summary>
    Special = 4,
}

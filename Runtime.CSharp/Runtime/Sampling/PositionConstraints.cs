using System.Collections.Immutable;

namespace A3.Runtime.Sampling;

/// <summary>
/// Which tokens may stand at each position of a sequence, given what is committed around it: the one mechanism behind borders, UTF-8, forbidden
/// texts, ends of texts and the constraints of gaps. Immutable, safe to share between threads.
/// </summary>
/// <remarks>
/// Borders alone narrow the distribution that log-probabilities are reported of (<see cref="Agreeing"/>); everything else narrows the draw
/// (<see cref="Allowed"/>). Positions that are predicted together are drawn by ascending position, each beside those before it.
/// </remarks>
internal sealed class PositionConstraints
{
    private const int StartAlone = 1 << Utf8State.Start;

    private readonly Vocabulary vocabulary;
    private readonly Dictionary<int, BorderSet> borders;

    public PositionConstraints(Vocabulary vocabulary, IEnumerable<Border> borders)
    {
        this.vocabulary = vocabulary;
        this.borders = borders.GroupBy(border => border.Position)
            .ToDictionary(group => group.Key, group => new BorderSet(vocabulary, group));
    }

    /// <summary>By position: what its gap allows beside that; positions without an entry allow all.</summary>
    public IReadOnlyDictionary<int, TokenSet> Own { get; init; } = ImmutableDictionary<int, TokenSet>.Empty;

    /// <summary>Positions with which a gap begins: what stands before is a text of its own, of whole characters.</summary>
    public IReadOnlySet<int> Beginnings { get; init; } = ImmutableHashSet<int>.Empty;

    /// <summary>Texts that may not stand in what is drawn.</summary>
    public ForbiddenTexts? Forbidden { get; init; }

    /// <summary>Whether special tokens may be drawn.</summary>
    public bool AllowsSpecial { get; init; }

    /// <summary>Whether the sequence is read left to right by the content stream.</summary>
    public bool IsCausal { get; init; }

    /// <summary>The order in which positions are committed, as ranks of groups, [position]; null where it is not known beforehand.</summary>
    public ImmutableArray<int>? Ranks { get; init; }

    /// <summary>Whether a token that was drawn ends the text.</summary>
    public bool IsEnd(int token) => vocabulary.IsEnd(token, IsCausal);

    /// <summary>Tokens that end no text.</summary>
    public TokenSet WithoutEnds(TokenSet tokens) => vocabulary.Without(IsCausal ? TokenKinds.CausalEnds : TokenKinds.Ends, tokens);

    /// <summary>The tokens that agree with the given bytes at a position; null where it holds none.</summary>
    public TokenSet? Agreeing(int position) => borders.GetValueOrDefault(position)?.Tokens;

    /// <summary>The tokens that may be drawn at a position beside those that are committed.</summary>
    /// <exception cref="A3Exception">There is none.</exception>
    public TokenSet Allowed(int position, CommittedTokens committed)
    {
        var neighbours = new Neighbours(vocabulary, committed, position);
        var kinds = AllowsSpecial ? TokenKinds.Special : TokenKinds.Text;

        // Behind an end nothing may stand (law 16).
        if (committed.Last < position && !committed.HasEnded)
        {
            kinds |= IsCausal ? TokenKinds.CausalEnds : TokenKinds.Ends;
        }

        var allowed = vocabulary.Allowed(neighbours.State, EndStates(position, committed), kinds);
        var border = borders.GetValueOrDefault(position);

        if (Static(position, border) is { } own)
        {
            allowed = allowed.And(own);
        }

        if (Forbidden is not null)
        {
            allowed = Permitted(allowed, border, neighbours);
        }

        return allowed.Count > 0
            ? allowed
            : throw new RequestException(
                $"position {position}: no token may stand here: the given text beside it, the constraints of its gap and the forbidden texts"
                + $"{Forbidden?.Listed} exclude all; loosen the constraints or change the length of the gap.");
    }

    /// <summary>What may stand at a position whatever its neighbours are; null for all.</summary>
    private TokenSet? Static(int position, BorderSet? border) => (Own.GetValueOrDefault(position), border) switch
    {
        (null, null) => null,
        ({ } own, null) => own,
        (null, { } agreeing) => agreeing.Tokens,

        // The constraint of a gap does not bind given bytes.
        ({ } own, { } agreeing) => agreeing.Tokens.And(own.Or(agreeing.Given)),
    };

    /// <summary>
    /// The states, as bits, in which a token at a position may end: those from which what is committed behind it goes on validly, up to an open
    /// position that can finish the character.
    /// </summary>
    private int EndStates(int position, CommittedTokens committed)
    {
        var (run, next) = Behind(position, committed);
        var finishing = committed.IsOpen(next) && !Beginnings.Contains(next) ? FinishingStates(next, committed) : StartAlone;
        var states = 0;

        for (var state = 0; state < Utf8State.Count; state++)
        {
            states |= GoesOn(state, run, finishing) ? 1 << state : 0;
        }

        // Bytes that are no UTF-8 were given: they are taken as they are.
        return states == 0 ? StartAlone : states;
    }

    /// <summary>The bytes committed right behind a position, as many as a character may need, and the position behind them.</summary>
    private (byte[] Bytes, int Next) Behind(int position, CommittedTokens committed)
    {
        var next = position + 1;
        var bytes = new List<byte>();

        while (bytes.Count < Utf8State.LongestCharacter && committed.IsCommitted(next) && !Beginnings.Contains(next))
        {
            bytes.AddRange(vocabulary.Bytes(committed[next]));
            next++;
        }

        return ([.. bytes], next);
    }

    private static bool GoesOn(int state, byte[] behind, int finishing)
    {
        var known = Math.Min(behind.Length, Utf8State.LongestCharacter);
        state = Utf8State.After(state, behind.AsSpan(0, known));
        return known < Utf8State.LongestCharacter ? state != Utf8State.Invalid && (finishing >> state & 1) != 0 : state != Utf8State.Invalid;
    }

    /// <summary>States from which an open position, or a row of them, can finish the character.</summary>
    private int FinishingStates(int position, CommittedTokens committed)
    {
        var ends = committed.IsCommitted(position + 1) ? EndStates(position, committed) : StartAlone;
        var own = Static(position, borders.GetValueOrDefault(position));
        var states = StartAlone;

        for (var state = 0; state < Utf8State.Count; state++)
        {
            var texts = vocabulary.Texts(state, ends);
            var any = own is null ? texts.Count > 0 : texts.And(own).Count > 0;
            states |= any ? 1 << state : 0;
        }

        return Ranks is null ? states : states | vocabulary.Finishable(Chain(position - 1, committed));
    }

    /// <summary>
    /// How many unconstrained open positions follow, each committed after the one before it, the last of which may end a character; at most what
    /// a character needs.
    /// </summary>
    private int Chain(int position, CommittedTokens committed)
    {
        var ranks = Ranks!.Value;
        var count = 0;

        while (count < Utf8State.LongestCharacter - 1
            && committed.IsOpen(position + count + 1)
            && !Beginnings.Contains(position + count + 1)
            && Static(position + count + 1, borders.GetValueOrDefault(position + count + 1)) is null
            && ranks[position + count + 1] >= ranks[position + count])
        {
            count++;
        }

        var isFollowed = count > 0 && committed.IsCommitted(position + count + 1);
        return isFollowed && (EndStates(position + count, committed) & StartAlone) == 0 ? count - 1 : count;
    }

    /// <summary>Without what would complete a forbidden text that holds a drawn byte.</summary>
    private TokenSet Permitted(TokenSet allowed, BorderSet? border, Neighbours neighbours)
    {
        var before = neighbours.Before(Forbidden!.Reach);
        var behind = neighbours.Behind(Forbidden.Reach);

        if (border is null && !neighbours.BeginsText)
        {
            return allowed.Except(Forbidden.Completing(before, behind));
        }

        var beginsText = neighbours.BeginsText;
        var (prefix, suffix) = (border?.Before.Length ?? 0, border?.Behind.Length ?? 0);
        return TokenSet.Of(allowed.Vocabulary, allowed.Tokens.Where(token =>
        {
            // The space that a tokenizer puts before a text is none of its bytes.
            var bytes = vocabulary.Bytes(token);
            bytes = beginsText && prefix == 0 && bytes.StartsWith(" "u8) ? bytes[1..] : bytes;
            byte[] text = [.. before, .. bytes, .. behind];
            return !Forbidden.Meets(text, before.Length + prefix, before.Length + bytes.Length - suffix);
        }));
    }

    /// <summary>What the borders at one position ask of its token.</summary>
    private sealed class BorderSet
    {
        public BorderSet(Vocabulary vocabulary, IEnumerable<Border> borders)
        {
            foreach (var border in borders)
            {
                if (border.Side == BorderSide.Before)
                {
                    Before = border.Bytes;
                }
                else
                {
                    Behind = border.Bytes;
                }
            }

            var (before, behind) = (Before, Behind);
            var candidates = before.IsEmpty ? vocabulary.EndingWith(behind.AsSpan()) : vocabulary.BeginningWith(before.AsSpan());
            Tokens = TokenSet.Of(
                vocabulary.Size,
                candidates.ToArray().Where(token =>
                    vocabulary.Bytes(token).Length >= before.Length + behind.Length
                    && vocabulary.Bytes(token).EndsWith(behind.AsSpan())));
            Given = TokenSet.Of(vocabulary.Size, vocabulary.Exactly([.. before, .. behind]).ToArray());
        }

        public ImmutableArray<byte> Before { get; } = [];

        public ImmutableArray<byte> Behind { get; } = [];

        /// <summary>Tokens that agree.</summary>
        public TokenSet Tokens { get; }

        /// <summary>Those of the given bytes alone.</summary>
        public TokenSet Given { get; }
    }
}

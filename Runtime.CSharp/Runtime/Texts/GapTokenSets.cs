using System.Collections.Immutable;
using A3.Runtime.Sampling;

namespace A3.Runtime.Texts;

/// <summary>What options ask of the tokens of gaps, for any layout of them. Immutable.</summary>
internal sealed class GapTokenSets
{
    private readonly Vocabulary vocabulary;
    private readonly DecodingOptions options;
    private readonly TokenSet? all;
    private readonly ImmutableDictionary<int, TokenSet> own;
    private readonly ForbiddenTexts? forbidden;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="options">Constraints of all gaps and of single ones, and forbidden texts.</param>
    /// <param name="gaps">How many gaps there are.</param>
    /// <exception cref="RequestException">A constraint names an unknown gap or token.</exception>
    public GapTokenSets(Vocabulary vocabulary, DecodingOptions options, int gaps)
    {
        foreach (var gap in options.GapConstraints.Keys.Where(gap => gap < 0 || gap >= gaps))
        {
            throw new RequestException($"GapConstraints[{gap}], but there are {gaps} gaps, counted from 0; name one of them.");
        }

        (this.vocabulary, this.options) = (vocabulary, options);
        all = options.Constraint is { } constraint ? SetOf(constraint) : null;
        own = options.GapConstraints.ToImmutableDictionary(item => item.Key, item => SetOf(item.Value));
        forbidden = options.ForbiddenTexts.IsEmpty ? null : new(vocabulary, options.ForbiddenTexts);
    }

    /// <summary>What a gap allows beside text being text; null for all.</summary>
    public TokenSet? Of(int gap) => (all, own.GetValueOrDefault(gap)) switch
    {
        ({ } every, { } single) => every.And(single),
        var (every, single) => every ?? single,
    };

    /// <summary>Whether a token may be drawn where it holds given bytes at a border.</summary>
    /// <param name="gap">The gap.</param>
    /// <param name="token">The token.</param>
    /// <param name="opening">The given bytes that it holds.</param>
    /// <param name="beside">The given bytes beside it.</param>
    /// <param name="side">On which side of the gap these are.</param>
    public bool Allows(int gap, int token, BorderOpening opening, ReadOnlySpan<byte> beside, BorderSide side)
    {
        if (Of(gap)?.Contains(token) == false)
        {
            return false;
        }

        var bytes = vocabulary.Bytes(token);
        var (given, drawn) = (opening.Bytes.Length, bytes.Length - opening.Bytes.Length);
        return forbidden is null || !(side == BorderSide.Before
            ? forbidden.Meets([.. beside, .. bytes], beside.Length + given, beside.Length + bytes.Length)
            : forbidden.Meets([.. bytes, .. beside], 0, drawn));
    }

    /// <summary>What may stand where in a layout.</summary>
    /// <param name="layout">Whose gaps they are.</param>
    /// <param name="ranks">The order in which positions are committed, [position]; null where it is not known beforehand.</param>
    /// <param name="isCausal">Whether the content stream reads it from left to right.</param>
    /// <exception cref="RequestException">The constraints of a gap leave no token.</exception>
    public PositionConstraints In(TextLayout layout, int[]? ranks, bool isCausal = false)
    {
        var byPosition = new Dictionary<int, TokenSet>();

        for (var gap = 0; gap < layout.Gaps.Length; gap++)
        {
            if (Of(gap) is { } allowed)
            {
                Require(gap, allowed);

                for (var position = layout.Gaps[gap].First; position < layout.Gaps[gap].End; position++)
                {
                    byPosition.Add(position, allowed);
                }
            }
        }

        return new(vocabulary, layout.Borders)
        {
            Own = byPosition,
            Beginnings = layout.Gaps.Select(gap => gap.First).ToHashSet(),
            Forbidden = forbidden,
            AllowsSpecial = options.AllowSpecialTokens,
            IsCausal = isCausal,
            Ranks = ranks is null ? null : [.. ranks],
        };
    }

    private void Require(int gap, TokenSet allowed)
    {
        if (!allowed.Tokens.Any(token =>
            vocabulary.IsText(token)
            || vocabulary.IsEnd(token, isCausal: true)
            || (options.AllowSpecialTokens && vocabulary.IsKnown(token))))
        {
            throw new RequestException($"the constraints of gap {gap} leave no token; allow at least one.");
        }
    }

    private TokenSet SetOf(TokenConstraint constraint)
    {
        constraint.RequireWithin(vocabulary.Size);
        return TokenSet.Where(vocabulary.Size, constraint.Allows);
    }
}

using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>What options ask of the tokens of gaps, for any layout of them. Immutable.</summary>
internal sealed class GapConstraints
{
    private readonly Vocabulary vocabulary;
    private readonly DecodingOptions options;
    private readonly TokenSet? all;
    private readonly ImmutableDictionary<int, TokenSet> own;
    private readonly ForbiddenTexts? forbidden;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="options">Constraints of all gaps and of single ones, and forbidden texts.</param>
    /// <param name="gaps">How many gaps there are.</param>
    /// <exception cref="ArgumentException">A constraint names an unknown gap or token.</exception>
    public GapConstraints(Vocabulary vocabulary, DecodingOptions options, int gaps)
    {
        foreach (var gap in options.GapConstraints.Keys.Where(gap => gap < 0 || gap >= gaps))
        {
            throw new ArgumentException($"GapConstraints[{gap}], but there are {gaps} gaps, counted from 0.", nameof(options));
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

    /// <summary>What may stand where in a layout.</summary>
    /// <param name="layout">Whose gaps they are.</param>
    /// <param name="ranks">The order in which positions are committed, [position]; null where it is not known beforehand.</param>
    /// <param name="isCausal">Whether the content stream reads it from left to right.</param>
    /// <exception cref="ArgumentException">The constraints of a gap leave no token.</exception>
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
            Forbidden = forbidden,
            AllowsSpecial = options.AllowSpecialTokens,
            IsCausal = isCausal,
            Ranks = ranks is null ? null : [.. ranks],
        };
    }

    private void Require(int gap, TokenSet allowed)
    {
        if (!allowed.Tokens.Any(token =>
            vocabulary.IsText(token) || (options.AllowSpecialTokens && vocabulary.IsKnown(token))))
        {
            throw new ArgumentException($"the constraints of gap {gap} leave no token; allow at least one.", nameof(options));
        }
    }

    private TokenSet SetOf(TokenConstraint constraint)
    {
        constraint.RequireWithin(vocabulary.Size);
        return TokenSet.Where(vocabulary.Size, constraint.Allows);
    }
}

namespace A3.Runtime;

/// <summary>Turns the constraints of gaps into biases; safe to share between threads.</summary>
internal sealed class GapConstraints(ITokenizer tokenizer, int vocabulary)
{
    private readonly HashSet<int> unwritable = [.. Enumerable.Range(0, vocabulary).Where(token => !IsText(token, tokenizer))];

    /// <summary>[vocabulary], minus infinity for what is no text; null where all is.</summary>
    public float[]? TextOnly { get; } = Enumerable.Range(0, vocabulary).All(token => IsText(token, tokenizer))
        ? null
        : [.. Enumerable.Range(0, vocabulary).Select(token => IsText(token, tokenizer) ? 0 : float.NegativeInfinity)];

    /// <summary>The tokens that end a text.</summary>
    public IReadOnlyList<int> EndIds => tokenizer.EosIds;

    /// <summary>
    /// What may stand in the gaps of a template: unless options say otherwise only text, and the end of a text where nothing
    /// given follows.
    /// </summary>
    /// <param name="template">Whose gaps they are.</param>
    /// <param name="ends">Tokens that end a text.</param>
    /// <param name="options">Constraints of all gaps and of single ones.</param>
    /// <exception cref="ArgumentException">A constraint names an unknown gap or token, or leaves no token.</exception>
    public AllowedTokens? Of(EncodedTemplate template, IReadOnlySet<int> ends, DecodingOptions options)
    {
        foreach (var (gap, _) in options.GapConstraints.Where(item => item.Key >= template.Gaps.Length))
        {
            throw new ArgumentException(
                $"GapConstraints[{gap}], but there are {template.Gaps.Length} gaps, counted from 0.", nameof(options));
        }

        var lastGiven = template.LastGiven;
        var biases = new Dictionary<int, float[]>();

        for (var gap = 0; gap < template.Gaps.Length; gap++)
        {
            var (start, length) = template.Gaps[gap];
            var mayEnd = start > lastGiven;

            if (Bias(Of(gap, options), mayEnd ? ends : null, options, gap) is { } bias)
            {
                foreach (var position in Enumerable.Range(start, length))
                {
                    biases.Add(position, bias);
                }
            }
        }

        return biases.Count == 0 ? null : new(biases);
    }

    private static bool IsText(int token, ITokenizer tokenizer) => token < tokenizer.VocabularySize && !tokenizer.IsSpecial(token);

    private static TokenConstraint? Of(int gap, DecodingOptions options) =>
        (options.Constraint, options.GapConstraints.GetValueOrDefault(gap)) switch
        {
            ({ } all, { } own) => all.And(own),
            var (all, own) => all ?? own,
        };

    private float[]? Bias(TokenConstraint? constraint, IReadOnlySet<int>? ends, DecodingOptions options, int gap)
    {
        constraint?.RequireWithin(vocabulary);
        var bias = new float[vocabulary];
        var allowed = 0;

        for (var token = 0; token < vocabulary; token++)
        {
            var isText = options.AllowSpecialTokens || !unwritable.Contains(token) || ends?.Contains(token) == true;

            if (isText && constraint?.Allows(token) != false)
            {
                allowed++;
            }
            else
            {
                bias[token] = float.NegativeInfinity;
            }
        }

        return allowed switch
        {
            0 => throw new ArgumentException($"the constraints of gap {gap} leave no token; allow at least one.", nameof(options)),
            _ => allowed == vocabulary ? null : bias,
        };
    }
}

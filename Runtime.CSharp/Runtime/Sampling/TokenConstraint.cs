namespace A3;

/// <summary>Which tokens may be drawn in a gap.</summary>
/// <remarks>
/// Immutable: any number of threads may use it.
/// What is not allowed gets probability 0 before temperature, top-k and top-p, and the rest is renormalised. Log-probabilities
/// under the model itself stay those of the model, so that scoring gives them again.
/// </remarks>
public sealed class TokenConstraint
{
    private readonly Func<int, bool> allows;
    private readonly int largest;

    private TokenConstraint(Func<int, bool> allows, int largest) => (this.allows, this.largest) = (allows, largest);

    /// <summary>Only these tokens.</summary>
    /// <exception cref="RequestException">There are none, or one is negative.</exception>
    public static TokenConstraint Only(params IEnumerable<int> tokens)
    {
        var set = Checked(tokens);
        return set.Count > 0
            ? new(set.Contains, set.Max())
            : throw new RequestException("no token is allowed; allow at least one.");
    }

    /// <summary>All but these tokens.</summary>
    /// <exception cref="RequestException">One is negative.</exception>
    public static TokenConstraint Except(params IEnumerable<int> tokens)
    {
        var set = Checked(tokens);
        return new(token => !set.Contains(token), set.Count > 0 ? set.Max() : 0);
    }

    /// <summary>Only tokens whose text, as <see cref="ITokenizer.TokenText"/> shows it, satisfies a condition.</summary>
    /// <exception cref="RequestException">No token does.</exception>
    public static TokenConstraint Where(ITokenizer tokenizer, Func<string, bool> allows)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(allows);
        return Only(Enumerable.Range(0, tokenizer.VocabularySize).Where(token => allows(tokenizer.TokenText(token))));
    }

    /// <summary>Only what both allow.</summary>
    public TokenConstraint And(TokenConstraint other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(token => allows(token) && other.allows(token), Math.Max(largest, other.largest));
    }

    /// <summary>Whether a token may be drawn.</summary>
    public bool Allows(int token) => allows(token);

    /// <exception cref="RequestException">It names a token that the vocabulary does not have.</exception>
    internal void RequireWithin(int vocabulary)
    {
        if (largest >= vocabulary)
        {
            throw new RequestException(
                $"the constraint names token {largest}, but the vocabulary holds only 0..{vocabulary - 1}.");
        }
    }

    private static HashSet<int> Checked(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var set = tokens.ToHashSet();
        return set.All(token => token >= 0)
            ? set
            : throw new RequestException($"token {set.Min()} is negative; ids begin at 0.");
    }
}

namespace A3;

/// <summary>
/// A text, tokens or options that a model or a run cannot serve: too long, nothing to score, unknown tokens, options that exclude each other.
/// </summary>
public sealed class RequestException : A3Exception
{
    internal RequestException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

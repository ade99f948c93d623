namespace A3;

/// <summary>A text or options that the model cannot serve: too long, nothing to score, options that exclude each other.</summary>
public sealed class RequestException : A3Exception
{
    internal RequestException(string message)
        : base(message)
    {
    }
}

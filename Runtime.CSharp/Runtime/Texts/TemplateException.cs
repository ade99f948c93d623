namespace A3;

/// <summary>
/// A template that does not parse; the message names the column, what stands there and what was expected.
/// </summary>
public sealed class TemplateException : A3Exception
{
    internal TemplateException(int column, string message)
        : base($"column {column}: {message}")
    {
        Column = column;
        Place = $"column {column}";
        Rule = message;
    }

    /// <summary>Where the offence begins, counted from 1 in UTF-16 units.</summary>
    public int Column { get; }
}

namespace A3.Runtime.Tokenizers;

/// <summary>Rewrites a piece of text before it is cut into words.</summary>
internal interface INormalizer
{
    /// <param name="text">The piece.</param>
    /// <param name="continuation">Whether other text comes before it.</param>
    string Apply(string text, bool continuation);
}

/// <summary>Puts a text before a piece that begins a text and is not empty.</summary>
internal sealed class Prepend(string prefix) : INormalizer
{
    public string Apply(string text, bool continuation) => continuation || text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces every occurrence of a text.</summary>
internal sealed class Replace(string pattern, string content) : INormalizer
{
    public string Apply(string text, bool continuation) => text.Replace(pattern, content, StringComparison.Ordinal);
}

/// <summary>One after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public string Apply(string text, bool continuation)
        => steps.Aggregate(text, (current, step) => step.Apply(current, continuation));
}

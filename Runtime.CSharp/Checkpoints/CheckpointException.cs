namespace A3.Runtime;

/// <summary>
/// A checkpoint, or a file of one, that cannot be read as what it should be: which file, which tensor, what is there,
/// and the rule it breaks.
/// </summary>
public sealed class CheckpointException : A3Exception
{
    private const int Longest = 480;

    internal CheckpointException(string file, string? tensor, string given, string rule, Exception? cause = null)
        : base($"{file}: {(tensor is null ? "" : $"tensor {Shown(tensor)}: ")}{Shown(given)}; {Shown(rule)}", cause)
    {
        Input = file;
        Place = tensor ?? "";
        Rule = rule;
        Tensor = tensor;
        Given = given;
    }

    /// <summary>The file or directory.</summary>
    public string File => Input;

    /// <summary>The tensor's name, where the error is about one.</summary>
    public string? Tensor { get; }

    /// <summary>What was found.</summary>
    public string Given { get; }

    /// <summary>Part of a hostile file as it may stand in a message: one line, of bounded length.</summary>
    private static string Shown(string text)
    {
        string shown = text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "...");
        return string.Concat(shown.Select(symbol => char.IsControl(symbol) ? ' ' : symbol));
    }
}

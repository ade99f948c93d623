namespace A3;

/// <summary>
/// A checkpoint, or a file of one, that cannot be read as what it should be: which file, which tensor, what is there,
/// and the rule it breaks.
/// </summary>
public sealed class CheckpointException : A3Exception
{
    internal CheckpointException(string file, string? tensor, string given, string rule, Exception? cause = null)
        : base($"{Shown.Text(file, 400)}: {(tensor is null ? "" : $"tensor {Shown.Text(tensor)}: ")}{Shown.Text(given)}; {Shown.Text(rule, 400)}", cause)
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
}

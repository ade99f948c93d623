using A3.Runtime.Checkpoints;

namespace A3.Conformance;

/// <summary>
/// A safetensors file of reference numbers: tensors named <c>CASE.WHAT</c>, tokens and ranks as integers
/// [batch, position]. Owns the file.
/// </summary>
internal sealed class ReferenceFile : IDisposable
{
    private readonly SafetensorsFile file;

    private ReferenceFile(SafetensorsFile file) => this.file = file;

    /// <summary>Names of the cases: those with tokens, in the order of the file.</summary>
    public IEnumerable<string> Cases =>
        file.Tensors
            .Where(tensor => tensor.Name.EndsWith(".input_ids", StringComparison.Ordinal))
            .Select(tensor => tensor.Name[..^".input_ids".Length]);

    /// <exception cref="CheckpointException">The file breaks a rule of the format.</exception>
    public static ReferenceFile Open(string path) => new(SafetensorsFile.Open(path));

    public bool Holds(string name) => file.TryGet(name, out _);

    /// <summary>The rows of a tensor [batch, position] of integers that fit 32 bits.</summary>
    /// <exception cref="CheckpointException">It is missing, of another rank, or holds what is no token or rank.</exception>
    public int[][] Rows(string name)
    {
        var tensor = file[name];
        if (tensor.Shape.Length != 2 || tensor.Count == 0)
        {
            throw new CheckpointException(file.Path, name, tensor.ToString(), "[batch, position] is expected.");
        }

        var width = (int)tensor.Shape[1];
        return [.. tensor.ToIntegers().Select(number => Fitting(name, number)).Chunk(width)];
    }

    /// <summary>All numbers of a tensor, as many as a computation gives.</summary>
    /// <exception cref="CheckpointException">It is missing, or holds another count of numbers.</exception>
    public float[] Numbers(string name, long count)
    {
        var tensor = file[name];
        return tensor.Count == count
            ? tensor.ToFloats()
            : throw new CheckpointException(
                file.Path, name, tensor.ToString(), $"{count} numbers are expected by the tokens and the vocabulary.");
    }

    public void Dispose() => file.Dispose();

    private int Fitting(string name, long number) =>
        number is >= 0 and <= int.MaxValue
            ? (int)number
            : throw new CheckpointException(file.Path, name, $"{number}", "tokens and ranks are in 0..2147483647.");
}

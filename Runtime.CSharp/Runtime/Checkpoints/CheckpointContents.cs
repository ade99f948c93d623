using A3.Model;
using Microsoft.FSharp.Core;

namespace A3.Runtime.Checkpoints;

/// <summary>What the tensors of a checkpoint must be, given its architecture.</summary>
internal static class CheckpointContents
{
    /// <summary>
    /// Every tensor that the architecture asks for, by name, each found once and of the right shape; none besides.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// One is missing, unknown, misshapen, or not of floating-point numbers.
    /// </exception>
    public static Dictionary<string, TensorView> Bind(
        string directory,
        A3.Model.Architecture architecture,
        IReadOnlyList<TensorView> tensors)
    {
        var found = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var bound = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        foreach (var parameter in ArchitectureModule.parameters(architecture))
        {
            long[] expected = [.. parameter.Shape.Select(side => (long)side)];
            if (!found.Remove(parameter.Name, out var tensor))
            {
                throw new CheckpointException(
                    directory,
                    parameter.Name,
                    "missing",
                    $"shape {TensorEntry.Show(expected)} is expected by config.json.");
            }

            CheckTensor(tensor, expected);
            bound.Add(parameter.Name, tensor);
        }

        var unknown = found.Values.FirstOrDefault(tensor => !IsIgnored(tensor.Name, architecture));
        return unknown is null
            ? bound
            : throw new CheckpointException(
                unknown.File,
                unknown.Name,
                $"{unknown.Dtype.Name} {TensorEntry.Show(unknown.Shape.ToArray())}",
                Unexpected(unknown.Name, architecture));
    }

    /// <summary>What is there beside what the architecture asks for, and says something else: a sentence each.</summary>
    public static IEnumerable<string> Notices(A3.Model.Architecture architecture, IReadOnlyList<TensorView> tensors)
    {
        var embedding = tensors.First(tensor => tensor.Name == ArchitectureModule.embedding);
        var head = tensors.FirstOrDefault(tensor => tensor.Name == ArchitectureModule.head);
        if (architecture.TiedHead && head?.Holds(embedding) == false)
        {
            yield return $"{Shown.Text(head.File, 400)}: {head.Name} differs from {embedding.Name}, to which config.json ties it "
                + "(tie_word_embeddings); the embedding is used.";
        }
    }

    /// <summary>The configuration with the precision that its weights are stored in.</summary>
    public static Configuration WithPrecision(Configuration configuration, Dtype dtype)
    {
        var precision = dtype switch
        {
            Dtype.Float32 => NumberType.Float32,
            Dtype.BFloat16 => NumberType.BFloat16,
            Dtype.Float16 => NumberType.Float16,
            _ => throw new ArgumentOutOfRangeException(
                nameof(dtype),
                dtype,
                "weights are stored as floating-point numbers."),
        };
        return new Configuration(
            configuration.Architecture,
            configuration.Bos,
            configuration.Eos,
            configuration.Pad,
            configuration.First,
            FSharpOption<NumberType>.Some(precision));
    }

    private static void CheckTensor(TensorView tensor, long[] expected)
    {
        if (!tensor.Shape.SequenceEqual(expected))
        {
            throw new CheckpointException(
                tensor.File,
                tensor.Name,
                $"shape {TensorEntry.Show(tensor.Shape.ToArray())}",
                $"shape {TensorEntry.Show(expected)} is expected by config.json.");
        }

        if (!tensor.Dtype.IsFloating)
        {
            throw new CheckpointException(
                tensor.File,
                tensor.Name,
                $"dtype {tensor.Dtype.Name}",
                "F32, BF16 or F16 is expected.");
        }
    }

    /// <summary>
    /// Tensors that Hugging Face files hold and nobody needs: a tied head once more, RoPE's frequencies as buffers.
    /// </summary>
    private static bool IsIgnored(string name, A3.Model.Architecture architecture) =>
        (architecture.TiedHead && name == ArchitectureModule.head)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static string Unexpected(string name, A3.Model.Architecture architecture) =>
        name == ArchitectureModule.queryEmbedding
            ? "config.json must say architectures [\"LlamaTwoStreamForCausalLM\"] where there is a query stream."
            : $"no tensor of that name is expected by config.json ({new Architecture(architecture)}).";
}

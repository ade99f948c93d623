using System.Text.Json;

namespace A3.Runtime.Checkpoints;

/// <summary>
/// The weights of a checkpoint directory: `model.safetensors`, or the shards that `model.safetensors.index.json` lists. Owns the
/// open files.
/// </summary>
internal sealed class TensorFiles : IDisposable
{
    public const string Single = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    /// <summary>An index of 100,000 tensors takes some 10 MB.</summary>
    private const int LongestIndex = 1 << 26;

    private TensorFiles(IReadOnlyList<SafetensorsFile> files, IReadOnlyList<TensorView> tensors, string? notice) =>
        (Files, Tensors, Notices) = (files, tensors, notice is null ? [] : [notice]);

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files { get; }

    /// <summary>Each name once, from the file that counts.</summary>
    public IReadOnlyList<TensorView> Tensors { get; }

    /// <summary>What of the files is not read, a sentence each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>
    /// Opens all files; the caller disposes of them. Where both layouts are present the single file counts, as with
    /// Hugging Face. The index decides which shard a tensor is read from: others' copies and tensors that it does not list are
    /// passed over, which a notice says.
    /// </summary>
    /// <exception cref="CheckpointException">A file is missing or broken, or a shard lacks a tensor that it is listed with.</exception>
    public static TensorFiles Open(string directory)
    {
        if (File.Exists(Path.Combine(directory, Single)))
        {
            var file = SafetensorsFile.Open(Path.Combine(directory, Single));
            return new([file], file.Tensors, null);
        }

        string index = Path.Combine(directory, Index);
        return File.Exists(index)
            ? OpenShards(directory, index, ReadIndex(index))
            : throw new CheckpointException(directory, null, "no weights", $"{Single} or {Index} is expected.");
    }

    public void Dispose() => Close(Files);

    private static TensorFiles OpenShards(string directory, string index, Dictionary<string, string> shardOf)
    {
        var files = new List<SafetensorsFile>();
        var tensors = new List<TensorView>();
        var others = new List<TensorView>();
        try
        {
            foreach (string shard in shardOf.Values.Distinct().Order(StringComparer.Ordinal))
            {
                var file = SafetensorsFile.Open(Path.Combine(directory, shard));
                files.Add(file);
                CheckListed(index, shard, file, shardOf);
                tensors.AddRange(file.Tensors.Where(tensor => shardOf.GetValueOrDefault(tensor.Name) == shard));
                others.AddRange(file.Tensors.Where(tensor => shardOf.GetValueOrDefault(tensor.Name) != shard));
            }

            return new(files, tensors, others.Count == 0 ? null : PassedOver(index, others));
        }
        catch
        {
            Close(files);
            throw;
        }
    }

    private static string PassedOver(string index, List<TensorView> others) =>
        $"{Shown.Text(index, 400)}: {others.Count} tensors are passed over, because they are listed in another shard than holds them or in "
        + $"none; the first is {Shown.Text(others[0].Name)} in {Shown.Text(Path.GetFileName(others[0].File))}.";

    private static void CheckListed(string index, string shard, SafetensorsFile file, Dictionary<string, string> shardOf)
    {
        foreach (var (name, _) in shardOf.Where(entry => entry.Value == shard))
        {
            if (!file.TryGet(name, out _))
            {
                throw new CheckpointException(
                    index,
                    name,
                    $"listed in {shard}, but missing there",
                    "each listed tensor must be in its shard.");
            }
        }
    }

    private static void Close(IEnumerable<SafetensorsFile> files)
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(
                CheckpointFile.ReadText(index, LongestIndex),
                new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("weight_map", out var map)
                || map.ValueKind != JsonValueKind.Object)
            {
                throw new CheckpointException(
                    index,
                    null,
                    "no weight_map",
                    "an object from tensor names to shards is expected.");
            }

            return map.EnumerateObject().ToDictionary(
                entry => entry.Name,
                entry => Shard(index, entry),
                StringComparer.Ordinal);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new CheckpointException(
                index,
                null,
                error.Message,
                "JSON with a weight_map is expected, every name in it once.",
                error);
        }
    }

    /// <summary>
    /// The name of a shard, which must lie in the directory itself: an index from elsewhere must not open any file of
    /// this machine.
    /// </summary>
    private static string Shard(string index, JsonProperty entry)
    {
        string? name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
        bool plain = name is { Length: > 0 } and not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
        return plain
            ? name!
            : throw new CheckpointException(
                index,
                entry.Name,
                $"shard {entry.Value.GetRawText()}",
                "a file name without folders is expected.");
    }
}

using System.Text.Json;

namespace A3.Runtime;

/// <summary>
/// The weights of a checkpoint directory: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
/// </summary>
internal static class TensorFiles
{
    public const string Single = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    /// <summary>
    /// Opens all files; the caller disposes of them. Where both layouts are present the single file counts, as with
    /// Hugging Face.
    /// </summary>
    /// <exception cref="CheckpointException">A file is missing or broken, or index and shards disagree.</exception>
    public static IReadOnlyList<SafetensorsFile> Open(string directory)
    {
        if (File.Exists(Path.Combine(directory, Single)))
        {
            return [SafetensorsFile.Open(Path.Combine(directory, Single))];
        }

        string index = Path.Combine(directory, Index);
        return File.Exists(index)
            ? OpenShards(directory, index, ReadIndex(index))
            : throw new CheckpointException(directory, null, "no weights", $"{Single} or {Index} is expected.");
    }

    private static List<SafetensorsFile> OpenShards(string directory, string index, Dictionary<string, string> shardOf)
    {
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (string shard in shardOf.Values.Distinct().Order(StringComparer.Ordinal))
            {
                var file = SafetensorsFile.Open(Path.Combine(directory, shard));
                files.Add(file);
                CheckListed(index, shard, file, shardOf);
            }

            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>A shard holds exactly the tensors listed under its name; so no tensor is in two.</summary>
    private static void CheckListed(
        string index,
        string shard,
        SafetensorsFile file,
        Dictionary<string,
        string> shardOf)
    {
        foreach (var tensor in file.Tensors)
        {
            string? listed = shardOf.GetValueOrDefault(tensor.Name);
            if (listed != shard)
            {
                string given = listed is null ? $"in {shard}, but not listed" : $"in {shard}, but listed in {listed}";
                throw new CheckpointException(
                    index,
                    tensor.Name,
                    given,
                    "weight_map must list each tensor under the one shard that holds it.");
            }
        }

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

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(
                CheckpointFile.ReadText(index),
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

namespace A3.Tests;

/// <summary>Checkpoints as Hugging Face's cache keeps them: a snapshot of links to blobs, in one file or in shards.</summary>
internal static class HubCache
{
    /// <summary>A link to a snapshot in which every file is a link, the weights in so many shards.</summary>
    public static string Linked(Folder folder, string checkpoint, int shards)
    {
        var (blobs, snapshot) = (Path.Combine("cache", "blobs"), Path.Combine("cache", "snapshots", "1"));
        Directory.CreateDirectory(folder.File(blobs));
        Directory.CreateDirectory(folder.File(snapshot));
        foreach (var name in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(checkpoint, name), folder.File(Path.Combine(blobs, $"{name.Length:x8}")), overwrite: true);
            File.CreateSymbolicLink(folder.File(Path.Combine(snapshot, name)), $"../../blobs/{name.Length:x8}");
        }

        if (shards == 1)
        {
            File.Copy(Path.Combine(checkpoint, "model.safetensors"), folder.File(Path.Combine(blobs, "weights")));
            File.CreateSymbolicLink(folder.File(Path.Combine(snapshot, "model.safetensors")), "../../blobs/weights");
        }
        else
        {
            Shard(checkpoint, shards, folder.File(blobs), folder.File(snapshot));
        }

        Directory.CreateSymbolicLink(folder.File("hub"), snapshot);
        return folder.File("hub");
    }

    private static void Shard(string checkpoint, int shards, string blobs, string snapshot)
    {
        using var whole = SafetensorsFile.Open(Path.Combine(checkpoint, "model.safetensors"));
        var entries = new List<string>();
        foreach (var (shard, tensors) in whole.Tensors.Index().GroupBy(item => item.Index % shards, item => item.Item).Select(group => (group.Key, group)))
        {
            var name = $"model-{shard + 1:D5}-of-{shards:D5}.safetensors";
            SafetensorsWriter.Write(
                Path.Combine(blobs, $"shard{shard}"),
                tensors.Select(tensor => new TensorPlan(
                    tensor.Name, tensor.Dtype, tensor.Shape.ToArray(), sink => sink.Append(tensor.ToFloats()))));
            File.CreateSymbolicLink(Path.Combine(snapshot, name), $"../../blobs/shard{shard}");
            entries.AddRange(tensors.Select(tensor => $"\"{tensor.Name}\": \"{name}\""));
        }

        File.WriteAllText(Path.Combine(blobs, "index"), $"{{\"weight_map\": {{{string.Join(", ", entries)}}}}}");
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.safetensors.index.json"), "../../blobs/index");
    }
}

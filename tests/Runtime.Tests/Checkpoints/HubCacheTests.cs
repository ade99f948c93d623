using A3.Runtime.Tests.Cli;
using A3.Runtime.Tests.Training;
using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Checkpoints as Hugging Face's cache keeps them: a snapshot of links to blobs, in one file or in shards.</summary>
public sealed class HubCacheTests : IDisposable
{
    private readonly Folder folder = new();

    public HubCacheTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows.");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_linked_checkpoint_is_the_checkpoint(int shards)
    {
        using var plain = new Folder();
        TinyCheckpoint.In(plain);
        var linked = Linked(plain.Path, shards);
        using var expected = A3Model.Load(plain.Path);
        using var model = A3Model.Load(linked);

        Assert.Empty(model.Notices);
        Assert.Equal(expected.Infill("Tom had {3} ball.").Text, model.Infill("Tom had {3} ball.").Text);
        Assert.Equal(0, CommandLine.Run("inspect", linked, "--tensors").Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_run_adapts_a_linked_checkpoint_as_it_adapts_the_checkpoint(int shards)
    {
        ToyRun.Train(ToyRun.Options(folder, "base") with { Tokens = 1000 });
        var options = ToyRun.Options(folder, "plain") with { Initial = folder.File("base"), Train = "lora", Tokens = 1000 };
        var linked = Linked(folder.File("base"), shards);
        ToyRun.Train(options);
        ToyRun.Train(options with { Output = folder.File("linked"), Initial = linked });

        using var expected = Checkpoint.Open(folder.File("plain"));
        using var adapted = Checkpoint.Open(folder.File("linked"));
        const string Query = "model.layers.1.self_attn.q_proj.weight";
        Assert.Equal(expected[Query].ToFloats(), adapted[Query].ToFloats());
    }

    [Fact]
    public void A_run_remarks_on_what_of_the_checkpoint_it_begins_with_is_not_followed()
    {
        ToyRun.Train(ToyRun.Options(folder, "base") with { Tokens = 1000 });
        var initial = folder.File("base");
        File.WriteAllText(Path.Combine(initial, "generation_config.json"), """{"eos_token_id": [2, 50]}""");
        var remarks = new List<string>();
        var options = ToyRun.Options(folder, "adapted") with { Initial = initial, Train = "lora", Tokens = 500 };
        using var trainer = Trainer.Start(options, new DocumentFileTests.Remarks(remarks), TestContext.Current.CancellationToken);

        Assert.Single(remarks, remark => remark.Contains("generation_config.json: eos_token_id[1]: is not followed: token 50", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_whose_target_was_edited_has_changed()
    {
        File.WriteAllText(folder.File("blob"), "Tom ran.");
        File.CreateSymbolicLink(folder.File("stories.txt"), "blob");
        var written = File.GetLastWriteTimeUtc(folder.File("blob"));
        var source = SourceFile.Of(folder.File("stories.txt"), new FileHashes(null, CancellationToken.None));
        Assert.True(source.IsUnchanged(new FileHashes(null, CancellationToken.None)));

        File.WriteAllText(folder.File("blob"), "Tom fell");
        File.SetLastWriteTimeUtc(folder.File("blob"), written);
        Assert.False(source.IsUnchanged(new FileHashes(null, CancellationToken.None)));
    }

    /// <summary>A link to a snapshot in which every file is a link, the weights in so many shards.</summary>
    private string Linked(string checkpoint, int shards)
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

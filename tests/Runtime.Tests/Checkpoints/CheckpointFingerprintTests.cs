using Xunit;

namespace A3.Runtime.Tests.Checkpoints;

/// <summary>A fingerprint is of what a model computes with: any byte of that changes it, and nothing else does.</summary>
public sealed class CheckpointFingerprintTests : IDisposable
{
    private readonly Folder folder = new();

    public CheckpointFingerprintTests() => TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    private string Fingerprint() => CheckpointFingerprint.Of(folder.Path);

    [Fact]
    public void Any_number_of_any_tensor_counts()
    {
        var weights = folder.File("model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        var first = 8 + (int)BitConverter.ToInt64(bytes);
        var seen = new HashSet<string> { Fingerprint() };

        for (var at = first; at < bytes.Length; at += (bytes.Length - first) / 20)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= 1;
            File.WriteAllBytes(weights, changed);

            Assert.True(seen.Add(Fingerprint()));
        }

        File.WriteAllBytes(weights, bytes);
        Assert.False(seen.Add(Fingerprint()));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void Configuration_and_tokenizer_count(string name)
    {
        var before = Fingerprint();
        var path = folder.File(name);
        File.WriteAllText(path, File.Exists(path) ? File.ReadAllText(path) + " " : "{}");

        Assert.NotEqual(before, Fingerprint());
    }

    [Fact]
    public void Place_time_links_and_other_files_do_not_count()
    {
        var before = Fingerprint();
        using var elsewhere = new Folder();

        foreach (var name in folder.Names)
        {
            File.CreateSymbolicLink(elsewhere.File(name), folder.File(name));
        }

        File.WriteAllText(elsewhere.File("README.md"), "a model");
        File.SetLastWriteTimeUtc(folder.File("model.safetensors"), DateTime.UnixEpoch);

        Assert.Equal(before, CheckpointFingerprint.Of(elsewhere.Path));
        Assert.Matches("^[0-9a-f]{16}$", before);
    }

    [Fact]
    public void The_files_that_the_weights_are_spread_over_do_not_count()
    {
        var before = Fingerprint();
        File.Move(folder.File("model.safetensors"), folder.File("shard.safetensors"));
        using (var checkpoint = SafetensorsFile.Open(folder.File("shard.safetensors")))
        {
            var entries = checkpoint.Tensors.Select(tensor => $"\"{tensor.Name}\": \"shard.safetensors\"");
            File.WriteAllText(folder.File("model.safetensors.index.json"), $"{{\"weight_map\": {{{string.Join(',', entries)}}}}}");
        }

        Assert.Equal(before, Fingerprint());
    }

    [Fact]
    public void A_broken_checkpoint_has_none_and_a_wait_can_be_cancelled()
    {
        Assert.Throws<OperationCanceledException>(() => CheckpointFingerprint.Of(folder.Path, new(canceled: true)));
        File.Delete(folder.File("model.safetensors"));
        Assert.Throws<CheckpointException>(Fingerprint);
    }
}

using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>Training with what Hugging Face's cache keeps: links to blobs.</summary>
public sealed class HubCacheTrainingTests : IDisposable
{
    private readonly Folder folder = new();

    public HubCacheTrainingTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows.");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_run_adapts_a_linked_checkpoint_as_it_adapts_the_checkpoint(int shards)
    {
        var initial = ToyRun.Base(folder);
        var options = ToyRun.Options(folder, "plain") with { Initial = initial, Train = "lora", Tokens = 1000 };
        var linked = HubCache.Linked(folder, initial, shards);
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
        var initial = ToyRun.Base(folder);
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
}

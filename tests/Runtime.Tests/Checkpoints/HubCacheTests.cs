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
        var linked = HubCache.Linked(folder, plain.Path, shards);
        using var expected = A3Model.Load(plain.Path);
        using var model = A3Model.Load(linked);

        Assert.Empty(model.Notices);
        Assert.Equal(expected.Infill("Tom had {3} ball.").Text, model.Infill("Tom had {3} ball.").Text);
    }
}

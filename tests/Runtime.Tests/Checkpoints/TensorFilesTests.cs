using Xunit;

namespace A3.Runtime.Tests;

public sealed class TensorFilesTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Shards_open_as_one_checkpoint()
    {
        Shard("model-1.safetensors", "a", "b");
        Shard("model-2.safetensors", "c");
        Index(("a", "model-1.safetensors"), ("b", "model-1.safetensors"), ("c", "model-2.safetensors"));
        using var files = TensorFiles.Open(folder.Path);
        Assert.Equal(["a", "b", "c"], files.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(2, files.Files.Count);
        Assert.Empty(files.Notices);
    }

    [Fact]
    public void A_shard_may_be_a_symbolic_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows.");
        Directory.CreateDirectory(folder.File("blobs"));
        Shard(Path.Combine("blobs", "0123"), "a");
        File.CreateSymbolicLink(folder.File("model-1.safetensors"), Path.Combine("blobs", "0123"));
        Index(("a", "model-1.safetensors"));
        using var files = TensorFiles.Open(folder.Path);
        Assert.Equal("a", Assert.Single(files.Tensors).Name);
    }

    [Fact]
    public void A_single_file_counts_before_an_index()
    {
        Index(("a", "absent.safetensors"));
        Shard("model.safetensors", "b");
        using var files = TensorFiles.Open(folder.Path);
        Assert.Equal("b", Assert.Single(files.Tensors).Name);
    }

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\\\secret.safetensors")]
    [InlineData("c:secret")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a\\u0000b")]
    public void A_shard_outside_the_directory_is_refused(string shard)
    {
        Index(("a", shard));
        CheckRefused("a file name without folders is expected");
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        Index(("a", "model-1.safetensors"));
        CheckRefused(folder.File("model-1.safetensors"));
    }

    [Fact]
    public void A_tensor_in_two_shards_is_read_from_the_one_that_lists_it()
    {
        Shard("model-1.safetensors", "a");
        Shard("model-2.safetensors", "a", "b");
        foreach (var listed in (string[])["model-1.safetensors", "model-2.safetensors"])
        {
            Index(("a", listed), ("b", "model-2.safetensors"));
            using var files = TensorFiles.Open(folder.Path);
            Assert.Equal(folder.File(listed), files.Tensors.Single(tensor => tensor.Name == "a").File);
            Assert.Equal(2, files.Tensors.Count);
            Assert.Equal(listed == "model-1.safetensors" ? 1 : 0, files.Notices.Count);
        }
    }

    [Fact]
    public void Tensors_that_no_entry_lists_are_passed_over_and_one_notice_says_so()
    {
        SafetensorsWriter.Write(folder.File("model-1.safetensors"), ((string[])["a", "b", "c"]).Select(name =>
            new TensorPlan(name, name == "a" ? Dtype.Float32 : Dtype.Int64, [1], sink =>
            {
                if (name == "a")
                {
                    sink.Append([1f]);
                }
                else
                {
                    sink.Append([1L]);
                }
            })));
        Shard("model-2.safetensors", "a", "d");
        Index(("a", "model-1.safetensors"), ("d", "model-2.safetensors"));
        using var files = TensorFiles.Open(folder.Path);
        Assert.Equal(["a", "d"], files.Tensors.Select(tensor => tensor.Name).Order());
        Assert.Contains("3 tensors are passed over", Assert.Single(files.Notices), StringComparison.Ordinal);
        Assert.Contains("the first is b in model-1.safetensors.", files.Notices[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_tensor_that_its_shard_lacks_is_refused()
    {
        Shard("model-1.safetensors", "a");
        Index(("a", "model-1.safetensors"), ("b", "model-1.safetensors"));
        CheckRefused("tensor b: listed in model-1.safetensors, but missing there");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map": 3}""")]
    [InlineData("""{"weight_map": {"a": 3}}""")]
    [InlineData("""{"weight_map": {"a": "x", "a": "y"}}""")]
    [InlineData("""{"weight_map": {"\ud800": "x"}}""")]
    [InlineData("""{"weight_map": {"a": "\ud800"}}""")]
    public void An_index_that_is_no_index_is_refused(string json)
    {
        File.WriteAllText(folder.File(TensorFiles.Index), json);
        CheckRefused(TensorFiles.Index);
    }

    private void CheckRefused(string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => TensorFiles.Open(folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private void Shard(string file, params string[] names) =>
        SafetensorsWriter.Write(
            folder.File(file),
            names.Select(name => new TensorPlan(name, Dtype.Float32, [1], sink => sink.Append([1f]))));

    private void Index(params (string Name, string Shard)[] entries) =>
        File.WriteAllText(
            folder.File(TensorFiles.Index),
            $"{{\"weight_map\": {{{string.Join(", ", entries.Select(entry => $"\"{entry.Name}\": \"{entry.Shard}\""))}}}}}");
}

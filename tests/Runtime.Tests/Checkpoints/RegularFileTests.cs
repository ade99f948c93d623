using System.Diagnostics;
using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Files of a checkpoint are regular files, whatever leads to them.</summary>
public sealed class RegularFileTests : IDisposable
{
    private const string Pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

    private readonly Folder folder = new();

    public RegularFileTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows.");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Lengths_and_times_are_those_of_the_file_that_links_lead_to()
    {
        Directory.CreateDirectory(folder.File("a/blobs"));
        Directory.CreateDirectory(folder.File("a/snapshots/1"));
        File.WriteAllText(folder.File("a/blobs/x"), new string('x', 1000));
        File.CreateSymbolicLink(folder.File("a/snapshots/1/file"), "../../blobs/x");
        File.CreateSymbolicLink(folder.File("a/snapshots/1/again"), "file");
        Directory.CreateSymbolicLink(folder.File("model"), "a/snapshots/1");
        Directory.CreateSymbolicLink(folder.File("a/absolute"), folder.File("model"));
        var written = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(folder.File("a/blobs/x"), written);
        foreach (var path in (string[])["a/snapshots/1/file", "a/snapshots/1/again", "model/file", "model/again", "a/absolute/again"])
        {
            Assert.Equal((1000, written), (RegularFile.Length(folder.File(path)), RegularFile.Modified(folder.File(path))));
            Assert.EndsWith("/a/blobs/x", RegularFile.Target(folder.File(path)), StringComparison.Ordinal);
        }

        Assert.Throws<FileNotFoundException>(() => RegularFile.Length(folder.File("none")));
        Assert.Throws<FileNotFoundException>(() => RegularFile.Modified(folder.File("none")));
        File.CreateSymbolicLink(folder.File("circle"), "circle");
        Assert.Contains("symbolic links", Assert.Throws<IOException>(() => RegularFile.Target(folder.File("circle"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    [InlineData("tokenizer_config.json")]
    public void A_pipe_a_device_and_a_link_to_nothing_are_errors_at_once(string name)
    {
        TinyCheckpoint.In(folder);
        Only(name);
        foreach (var (what, message) in (IEnumerable<(string, string)>)
            [("/dev/zero", "pipe or a device"), ("/dev/null", "pipe or a device"), ("pipe", "pipe or a device"), ("blob", "blob")])
        {
            File.Delete(folder.File(name));
            if (what == "pipe")
            {
                using var mkfifo = Process.Start("mkfifo", folder.File(name));
                mkfifo.WaitForExit();
            }
            else
            {
                File.CreateSymbolicLink(folder.File(name), what);
            }

            var error = Assert.ThrowsAny<A3Exception>(() => A3Model.Load(folder.Path));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    [InlineData("tokenizer_config.json")]
    public void A_pointer_of_Git_LFS_is_called_one(string name)
    {
        TinyCheckpoint.In(folder);
        Only(name);
        File.WriteAllText(folder.File(name), Pointer);
        var error = Assert.ThrowsAny<A3Exception>(() => A3Model.Load(folder.Path));
        Assert.EndsWith(
            $"{name}: a Git LFS pointer; the file that it points to is expected: 'git lfs pull' fetches it.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_longer_than_any_of_its_kind_is_not_read_not_even_through_a_link()
    {
        TinyCheckpoint.In(folder);
        using (var blob = File.Create(folder.File("blob")))
        {
            blob.SetLength(1L << 40);
        }

        foreach (var name in (string[])["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
        {
            var was = File.Exists(folder.File(name)) ? File.ReadAllBytes(folder.File(name)) : null;
            File.Delete(folder.File(name));
            File.CreateSymbolicLink(folder.File(name), "blob");
            var error = Assert.ThrowsAny<A3Exception>(() => A3Model.Load(folder.Path));
            Assert.Contains($"{name}: 1099511627776 bytes; a file of 1 to ", error.Message, StringComparison.Ordinal);
            File.Delete(folder.File(name));
            if (was is not null)
            {
                File.WriteAllBytes(folder.File(name), was);
            }
        }
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_a_file()
    {
        TinyCheckpoint.In(folder);
        using var plain = A3Model.Load(folder.Path);
        foreach (var name in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.WriteAllBytes(folder.File(name), [0xEF, 0xBB, 0xBF, .. File.ReadAllBytes(folder.File(name))]);
        }

        using var marked = A3Model.Load(folder.Path);
        Assert.Equal(plain.Architecture, marked.Architecture);
        Assert.Equal(plain.Tokenizer.Encode("Tom had a ball.", addBos: true), marked.Tokenizer.Encode("Tom had a ball.", addBos: true));
        using var saved = new Folder();
        marked.Tokenizer.Save(saved.Path);
        Assert.All(saved.Names, name => Assert.Equal((byte)'{', File.ReadAllBytes(saved.File(name))[0]));
    }

    [Fact]
    public void A_configuration_in_another_encoding_is_refused_with_its_byte()
    {
        TinyCheckpoint.In(folder);
        File.WriteAllBytes(folder.File("config.json"), [(byte)'{', (byte)'"', 0xE9, (byte)'"', (byte)'}']);
        var error = Assert.Throws<CheckpointException>(() => A3Model.Load(folder.Path));
        Assert.Contains("no UTF-8 at byte 2", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Makes a file the one that is read: an index counts only without the single file, a tokenizer.model without the other.</summary>
    private void Only(string name)
    {
        foreach (var other in (string[])["model.safetensors", "tokenizer.json"])
        {
            if (name.StartsWith(other.Split('.')[0] + ".", StringComparison.Ordinal))
            {
                File.Delete(folder.File(other));
            }
        }
    }
}

using System.Diagnostics;
using Xunit;

namespace A3.Runtime.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Creates_and_replaces_a_file()
    {
        AtomicFile.Write(folder.File("a"), stream => stream.Write([1, 2, 3]));
        AtomicFile.Write(folder.File("a"), stream => stream.Write([4]));
        Assert.Equal([4], File.ReadAllBytes(folder.File("a")));
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void A_writer_that_throws_half_way_leaves_the_old_file_and_nothing_else()
    {
        File.WriteAllBytes(folder.File("a"), [1, 2, 3]);
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder.File("a"), stream =>
        {
            stream.Write(new byte[1 << 20]);
            throw new InvalidOperationException("half-way");
        }));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.File("a")));
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void The_old_file_is_whole_until_the_new_one_is()
    {
        File.WriteAllBytes(folder.File("a"), [1, 2, 3]);
        AtomicFile.Write(folder.File("a"), stream =>
        {
            stream.Write(new byte[1 << 20]);
            stream.Flush();
            Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.File("a")));
        });
        Assert.Equal(1 << 20, new FileInfo(folder.File("a")).Length);
    }

    [Fact]
    public void A_missing_folder_is_an_error_that_names_the_file()
    {
        string path = folder.File(Path.Combine("absent", "a"));
        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => { }));
        Assert.StartsWith($"{path}: not written", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_at_the_path_is_an_error_and_stays()
    {
        Directory.CreateDirectory(folder.File("a"));
        Assert.Throws<IOException>(() => AtomicFile.Write(folder.File("a"), stream => stream.WriteByte(1)));
        Assert.True(Directory.Exists(folder.File("a")));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void A_full_disk_leaves_the_old_file_and_nothing_else()
    {
        string disk = Directory.CreateDirectory(folder.File("disk")).FullName;
        Assert.SkipUnless(
            Mount("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk),
            "mounting a small disk takes root on Linux.");
        try
        {
            string path = Path.Combine(disk, "a");
            File.WriteAllBytes(path, [1, 2, 3]);
            var error = Assert.Throws<IOException>(() => AtomicFile.Write(
                path,
                stream => stream.Write(new byte[1 << 20])));
            Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
            Assert.StartsWith($"{path}: not written", error.Message, StringComparison.Ordinal);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
            Assert.Single(Directory.GetFiles(disk));
        }
        finally
        {
            Mount("umount", disk);
        }
    }

    private static bool Mount(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

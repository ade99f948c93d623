using System.Diagnostics;
using Xunit;

namespace A3.Slow.Tests;

/// <summary>A program that only decodes, published in every way: without libtorch, small, without a warning of ours, and telling the same story.</summary>
public sealed class PublishingTests : IDisposable
{
    private const long MostBytes = 25_000_000;
    private const string Sample = "experiments/Sample";

    /// <summary>Libraries whose warnings docs/platforms.md lists.</summary>
    private static readonly string[] Theirs = ["FSharp.Core", "FParsec"];

    private static readonly string Repository = Path.GetDirectoryName(Fixtures.InRepository("experiments"))!;

    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [SlowTheory]
    [InlineData("beside the shared framework", "--no-self-contained", "")]
    [InlineData("trimmed", "--self-contained", "-p:PublishTrimmed=true")]
    [InlineData("ahead of time", "--self-contained", "-p:PublishAot=true")]
    public void A_program_that_decodes_is_published_without_libtorch_and_tells_the_same_story(string how, string contained, string property)
    {
        Assert.SkipUnless(how != "ahead of time" || HasLinker(), "native AOT needs clang or gcc, and zlib, which are not here.");
        var output = folder.File("out");
        var (code, said) = Run(
            "dotnet", ["publish", Sample, "-c", "Release", "-r", Rid, contained, "--artifacts-path", folder.File("artifacts"), "-o", output, .. Given(property)]);
        Assert.True(code == 0, said);
        Assert.All(
            said.Split('\n').Where(line => line.Contains("warning", StringComparison.Ordinal)),
            line => Assert.True(Theirs.Any(library => line.Contains(library, StringComparison.Ordinal)), line));

        string[] files = Directory.GetFiles(output, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => file.Contains("torch", StringComparison.OrdinalIgnoreCase));
        var shipped = files.Where(file => Path.GetExtension(file) is not (".pdb" or ".dbg" or ".xml")).Sum(file => new FileInfo(file).Length);
        Assert.True(shipped <= MostBytes || how == "trimmed" && shipped <= 2 * MostBytes, $"{how}: {shipped} bytes.");

        var (ended, story) = Run(Path.Combine(output, "A3.Sample"), ["experiments/models/tinystories-a3", "0"]);
        Assert.True(ended == 0, story);
        Assert.Contains("when decoded", story);
        Assert.DoesNotContain("vector registers", story);
    }

    /// <summary>A program compiled for processors without AVX2 says so where there is one.</summary>
    [SlowFact]
    public void A_program_without_its_vector_registers_says_so()
    {
        Assert.SkipUnless(HasLinker() && System.Runtime.Intrinsics.X86.Avx2.IsSupported, "native AOT needs clang or gcc, and zlib; the notice an AVX2 processor.");
        var output = folder.File("out");
        var (code, said) = Run(
            "dotnet",
            ["publish", Sample, "-c", "Release", "-r", Rid, "-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v2", "--artifacts-path", folder.File("artifacts"), "-o", output]);
        Assert.True(code == 0, said);
        Assert.Contains("compiled without the vector registers", Run(Path.Combine(output, "A3.Sample"), ["experiments/models/tinystories-a3", "0"]).Said);
    }

    private static string Rid => System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier is var rid && OperatingSystem.IsLinux()
        ? $"linux-{rid[(rid.LastIndexOf('-') + 1)..]}"
        : rid;

    private static IEnumerable<string> Given(string property) => property.Length == 0 ? [] : [property];

    private static bool HasLinker() => !OperatingSystem.IsLinux()
        || (new[] { "clang", "gcc" }.Any(name => File.Exists($"/usr/bin/{name}"))
            && Directory.Exists("/usr/lib")
            && Directory.GetDirectories("/usr/lib").Append("/usr/lib64").Where(Directory.Exists).Any(folder => File.Exists(Path.Combine(folder, "libz.so"))));

    private static (int Code, string Said) Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var result = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, result + error.Result);
    }
}

using System.Diagnostics;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>Blocks of F#, as scripts that one process of F# Interactive loads one after the other.</summary>
public sealed class FSharpTests
{
    private const string Built = "experiments/Cli/bin/Release/net10.0/";

    private const string Mark = "== block";

    [Fact(DisplayName = "Every block of F# compiles, runs, and prints what the document shows behind it")]
    public void Run()
    {
        var blocks = Document.BlocksOf("fsharp");
        Assert.Contains(blocks, block => block.Document == "README.md");
        var folder = Directory.CreateTempSubdirectory("a3-docs-");
        try
        {
            var printed = Printed(blocks, folder.FullName);
            for (var index = 0; index < blocks.Count; index++)
            {
                if (blocks[index].Next is { Language: "text" } shown)
                {
                    var difference = ShownOutput.Difference(shown.Text, printed[index]);
                    Assert.True(difference is null, $"{blocks[index]}: {difference}");
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What each block printed.</summary>
    private static string[] Printed(IReadOnlyList<Block> blocks, string folder)
    {
        var main = Path.Combine(folder, "main.fsx");
        var loads = blocks.SelectMany((block, index) => new[]
        {
            Script(folder, $"mark{index}.fsx", $"printfn \"{Mark}\""),
            Script(folder, $"block{index}.fsx", Located(block)),
        });
        File.WriteAllLines(main, loads.Select(path => $"#load @\"{path}\""));
        var (code, output, errors) = Interactive(main);
        Assert.True(code == 0, errors + output);
        return output.ReplaceLineEndings("\n").Split(Mark + "\n")[1..];
    }

    private static string Script(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }

    /// <summary>The text of a block, whose errors name its document, over the assemblies that these tests run with.</summary>
    private static string Located(Block block) =>
        $"# {block.Line} \"{block.Document}\"\n" + block.Text.Replace(Built, AppContext.BaseDirectory.Replace('\\', '/'), StringComparison.Ordinal);

    private static (int Code, string Output, string Errors) Interactive(string script)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["fsi", "--quiet", "--nologo", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

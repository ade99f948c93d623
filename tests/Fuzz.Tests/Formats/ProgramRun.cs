using System.Text;
using System.Text.Json;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Inputs that reach the program: it ends with one of its codes and never speaks of a defect.</summary>
internal static class ProgramRun
{
    /// <exception cref="A3Exception">The program answered with an error.</exception>
    public static CommandLine Check(params string[] arguments)
    {
        var run = CommandLine.Run(arguments);
        if (run.Code is < 0 or > 2 || (run.Out + run.Error).Contains("This is a defect", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"exit code {run.Code}: {run.Out}{run.Error}");
        }

        return run.Code == 0 ? run : throw new A3Exception(run.Error);
    }

    /// <summary>Rows of a batch, each of which gets one result: a value or an error.</summary>
    public static void Rows(string command, string model, byte[] rows)
    {
        using var folder = new Folder();
        File.WriteAllBytes(folder.File("rows.jsonl"), rows);
        CommandLine run;
        try
        {
            run = Check(command, "--batch", folder.File("rows.jsonl"), "--output", folder.File("results.jsonl"), "--model", model);
        }
        catch (A3Exception) when (File.Exists(folder.File("results.jsonl")))
        {
            AssertOneEach(rows, File.ReadAllLines(folder.File("results.jsonl")));
            throw;
        }

        AssertOneEach(rows, File.ReadAllLines(folder.File("results.jsonl")));
    }

    private static void AssertOneEach(byte[] rows, string[] results)
    {
        var wanted = Encoding.Latin1.GetString(rows).Split('\n').Count(line => line.AsSpan().Trim(" \t\r").Length > 0);
        if (wanted != results.Length)
        {
            throw new InvalidOperationException($"{results.Length} results for {wanted} rows");
        }

        foreach (var result in results)
        {
            using var json = JsonDocument.Parse(result);
        }
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace A3.Tests;

/// <summary>The command line of a run of a dozen steps, and of one without an end.</summary>
internal static class ToyTraining
{
    public static string[] Arguments(Folder folder)
    {
        var options = ToyRun.Short(folder);
        return
        [
            "train", options.Data[0], "--out", options.Output, "--curriculum", "infill", "--tokens", "2000", "--batch-tokens", "256", "--context", "48",
            "--vocabulary", "300", "--width", "16", "--layers", "1", "--heads", "2", "--device", "cpu",
        ];
    }

    /// <summary>A script in which PROGRAM and TRAIN stand for the program and a run that does not end by itself stops it so that its last step is on the disk.</summary>
    public static void AssertSaved(Folder folder, string script, int code, string message)
    {
        var endless = string.Join(' ', Arguments(folder)).Replace("--tokens 2000", "--tokens 100000000", StringComparison.Ordinal);
        var program = $"'{Path.Combine(AppContext.BaseDirectory, "a3")}'";
        var given = Shell.Run(script.Replace("PROGRAM", program, StringComparison.Ordinal).Replace("TRAIN", endless, StringComparison.Ordinal), folder.Path);

        Assert.Equal(code, given.Code);
        Assert.Matches($@"^a3: {message} (\d+) and saved; go on with: a3 train --resume {folder.File("run")}\n$", given.Error);
        var step = long.Parse(Regex.Match(given.Error, @"step (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(step, RunDirectory.LastStep(folder.File("run")));
    }
}

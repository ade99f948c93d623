using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Processors with shorter registers run other loops: .NET leaves instructions out where it is told to.</summary>
public sealed class ProcessorTests
{
    private static readonly string Model = Fixtures.InRepository("experiments", "models", "tinystories-a3");

    [Theory(DisplayName = "A processor without long registers writes the same text, equally likely to 1e-4")]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public async Task Shorter_registers_write_the_same_text(string instructions)
    {
        var (expected, actual) = (Read(CommandLine.Run(Arguments).Out), await Without(instructions));

        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.LogProbability, actual.LogProbability, 1e-4);
    }

    /// <summary>Groups of four, so that a pass has one to eight rows.</summary>
    private static string[] Arguments =>
    [
        "infill", "--model", Model, "Tom had a red {12} He was very {7} and went home.",
        "--grouping", "left-to-right | chunks 4", "--temperature", "0", "--json",
    ];

    private static async Task<(string Text, double LogProbability)> Without(string instructions)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "a3.exe" : "a3");
        var start = new ProcessStartInfo(program, Arguments) { RedirectStandardOutput = true, Environment = { [instructions] = "0" } };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(0, process.ExitCode);
        return Read(output);
    }

    private static (string Text, double LogProbability) Read(string output)
    {
        var result = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
        return (result.GetProperty("text").GetString()!, result.GetProperty("log_probability").GetDouble());
    }
}

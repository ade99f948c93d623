using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>The sample app, as the process that a C# developer would start.</summary>
public sealed partial class SampleAppTests
{
    private const int Interrupt = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string Model = Fixtures.InRepository("experiments", "models", "tinystories-a3");

    [Fact]
    public async Task It_streams_out_of_order_and_scores_what_it_decoded()
    {
        using var app = Start("0");
        var error = app.StandardError.ReadToEndAsync();
        var lines = (await app.StandardOutput.ReadToEndAsync()).Split('\n');
        await app.WaitForExitAsync();
        var steps = lines.TakeWhile(line => line.Trim().Length > 0).ToArray();
        var positions = steps.Select(line => int.Parse(line[11..].Split('"')[0], CultureInfo.InvariantCulture)).ToArray();

        Assert.Equal((0, ""), (app.ExitCode, await error));
        Assert.Equal(8, steps.Length);
        Assert.NotEqual(positions.Order(), positions);
        Assert.EndsWith("  " + lines[9], steps[^1], StringComparison.Ordinal);
        Assert.Matches(@"^log p = (-\d+\.\d{3})\d when decoded, \1\d when scored$", lines[^2].TrimEnd());
    }

    [Fact]
    public async Task An_interrupt_ends_it_with_130_and_without_a_stack_trace()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "this system has no SIGINT to send.");
        Assert.SkipWhen(IgnoresInterrupt(), "SIGINT is ignored here, as it is behind '&' in a script, and so by all that is started.");

        // A minute's pause after the first step: the process cannot end by itself before the signal.
        using var app = Start($"{Patience.TotalMilliseconds}");
        var error = app.StandardError.ReadToEndAsync();
        var first = await app.StandardOutput.ReadLineAsync();
        Assert.Equal(0, Kill(app.Id, Interrupt));
        var rest = await app.StandardOutput.ReadToEndAsync();
        await app.WaitForExitAsync();

        Assert.Matches(@"^ +\d+\.\d ms  \d+ ""[^""]+"" -\d", first);
        Assert.Equal((130, "", "cancelled."), (app.ExitCode, rest, (await error).Trim()));
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_is_one_line()
    {
        using var app = Start("0", "absent");
        var error = await app.StandardError.ReadToEndAsync();
        await app.WaitForExitAsync();

        Assert.Equal(1, app.ExitCode);
        Assert.Contains("absent", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static Process Start(string pause, string? model = null)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "A3.Sample.dll");
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return Process.Start(new ProcessStartInfo(host, [program, model ?? Model, pause])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <summary>Whether this process ignores SIGINT, which the processes that it starts inherit.</summary>
    private static bool IgnoresInterrupt() =>
        File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << (Interrupt - 1))) != 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

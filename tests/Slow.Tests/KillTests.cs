using System.Diagnostics;
using Xunit;

namespace A3.Slow.Tests;

/// <summary>Law 12 with real processes: `a3 train` is killed at random moments, saves included, and resumed. A3_KILLS says how often.</summary>
public sealed class KillTests
{
    private const string Variable = "A3_KILLS";
    private const int UsualKills = 12;

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    [SlowFact]
    public async Task ARunKilledAtAnyMomentAndResumedEqualsAnUninterruptedOne()
    {
        var wanted = int.TryParse(Environment.GetEnvironmentVariable(Variable), out var given) ? given : UsualKills;
        var random = new Random(20260128);
        using var folder = new Folder();
        var data = ToyRun.Options(folder).Data[0];
        var straight = folder.File("straight");
        Assert.Equal(0, await Exit(Begin(straight, data)));

        var (kills, inSaves, runs) = (0, 0, 0);
        while (kills < wanted)
        {
            var killed = folder.File($"killed{++runs}");
            while (kills < wanted && await KilledOnce(killed, data, random))
            {
                kills++;
                inSaves += IsWithinASave(killed) ? 1 : 0;
            }

            Assert.Equal(0, await Exit(Go(killed, data)));
            ToyRun.AssertSameRun(straight, killed);
            Directory.Delete(killed, recursive: true);
        }

        TestContext.Current.SendDiagnosticMessage("{0} kills of {1} runs, {2} of them within a save", kills, runs, inSaves);
        Assert.True(kills < 50 || inSaves > 0, $"none of {kills} kills met a save.");
    }

    /// <summary>Starts or resumes a run and kills it, most times soon after it saved something new; false where it ended before.</summary>
    private static async Task<bool> KilledOnce(string output, string data, Random random)
    {
        using var process = Go(output, data);
        var before = NewestStep(output);
        var patience = random.Next(5) == 0 ? TimeSpan.FromMilliseconds(random.Next(1500)) : LongestRun;
        var clock = Stopwatch.StartNew();
        while (!process.HasExited && clock.Elapsed < patience && NewestStep(output) == before)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await Task.Delay(random.Next(150), TestContext.Current.CancellationToken);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode is 0 or 137 or -1, $"exit code {process.ExitCode}: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
        return process.ExitCode != 0;
    }

    /// <summary>A run that was killed before it began has no folder.</summary>
    private static bool IsWithinASave(string output) =>
        Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output, "*.tmp", SearchOption.AllDirectories).Any();

    private static string? NewestStep(string output)
    {
        var folder = Path.Combine(output, "checkpoints");
        return Directory.Exists(folder) ? Directory.GetDirectories(folder).Where(step => !step.EndsWith(".tmp", StringComparison.Ordinal)).Max() : null;
    }

    private static Process Go(string output, string data) =>
        NewestStep(output) is null ? Begin(output, data) : Train("--resume", output);

    private static Process Begin(string output, string data) => Train(
        data, "--out", output, "--validation", data, "--curriculum", "infill", "--tokens", "12000", "--batch-tokens", "256", "--context", "48",
        "--vocabulary", "300", "--width", "32", "--layers", "2", "--heads", "2", "--validate-every", "7", "--validation-rows", "4",
        "--checkpoint-seconds", "0.02", "--device", "cpu");

    private static Process Train(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "a3.exe" : "a3"), ["train", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["OMP_NUM_THREADS"] = "1" },
        };
        return Process.Start(start)!;
    }

    private static async Task<int> Exit(Process process)
    {
        using (process)
        {
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await error);
            return process.ExitCode;
        }
    }
}

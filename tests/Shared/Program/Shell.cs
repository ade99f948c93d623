using System.Diagnostics;
using Xunit;

namespace A3.Tests;

/// <summary>The program as a shell starts it: with redirections, pipes and bytes that .NET could not give it.</summary>
internal static class Shell
{
    /// <summary>Runs a bash script in which <c>a3</c> is the program; skips the test where there is no bash.</summary>
    public static CommandLine Run(string script, string? folder = null)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "this system has no /bin/bash.");
        var program = Path.Combine(AppContext.BaseDirectory, "a3");
        var start = new ProcessStartInfo("/bin/bash", ["-c", $"a3() {{ timeout -k 1 60 '{program}' \"$@\"; }}\n{script}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var result = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, result, error.Result);
    }
}

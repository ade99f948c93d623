using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>What the library leaves as it is in the process that calls it.</summary>
public sealed class HostProcessTests
{
    /// <summary>What changes a process, and the file that may say so because its callers ask for it by name.</summary>
    private static readonly (string Call, string? Allowed)[] Changes =
    [
        ("mallopt", "Heap.fs"), ("Heap.keep", "ProcessSettings.cs"), ("set_num_threads", "TorchThreads.fs"),
        ("set_num_interop_threads", null), ("manual_seed", null), ("set_flush_denormal", null), ("set_default_dtype", null),
        ("SetEnvironmentVariable", null), ("DefaultThreadCurrent", null), ("CurrentCulture =", null), ("CurrentCulture <-", null),
        ("GCSettings", null), ("SetMinThreads", null), ("SetMaxThreads", null), ("PriorityClass", null), ("AppContext.SetSwitch", null),
        ("Console.Set", null), ("CancelKeyPress", null), ("PosixSignalRegistration", null), ("SetCurrentDirectory", null),
        ("CurrentDirectory =", null), ("CurrentDirectory <-", null), ("Environment.Exit", null), ("UnhandledException", null),
    ];

    [Fact]
    public void No_line_of_the_library_changes_the_process_but_those_that_are_asked_to_by_name()
    {
        string[] files =
        [
            .. new[] { "Runtime.CSharp", "Model.FSharp" }.Select(folder => Fixtures.InRepository(folder))
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*.?s", SearchOption.AllDirectories))
                .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")),
        ];
        var found = files.SelectMany(file => File.ReadLines(file)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .SelectMany(line => Changes.Where(change => line.Contains(change.Call) && Path.GetFileName(file) != change.Allowed))
            .Select(change => $"{file}: {change.Call}"));

        Assert.InRange(files.Length, 100, 10_000);
        Assert.Empty(found);
    }
}

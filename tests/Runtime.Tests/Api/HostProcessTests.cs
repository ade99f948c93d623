using A3.Model.Tensors;
using A3.Runtime.Tests.Training;
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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_number_of_threads_of_a_model_is_that_of_its_own_operations(int threads)
    {
        Native.ensure();
        using var network = RandomNetwork.OnTorch(RandomNetwork.Kinds["plain"], threads: threads);
        var (before, others) = (TorchThreads.count(), OnAnotherThread(TorchThreads.count));

        using (network.LimitThreads())
        {
            Assert.Equal(threads, TorchThreads.count());
            Assert.Equal(others, OnAnotherThread(TorchThreads.count));
            using (TorchThreads.limit(2))
            {
                Assert.Equal(2, TorchThreads.count());
            }

            Assert.Equal(threads, TorchThreads.count());
        }

        Assert.Equal(before, TorchThreads.count());
    }

    [Fact]
    public void A_run_with_lanes_and_a_model_with_threads_leave_those_of_the_process_alone()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { Accumulate = 2, Lanes = 2, Tokens = 1000 };
        var (own, others) = (TorchThreads.count(), OnAnotherThread(TorchThreads.count));

        ToyRun.Train(options);
        foreach (var precision in Enum.GetValues<NumberType>())
        {
            using var model = A3Model.Load(options.Output, new() { Device = Device.Cpu, Precision = precision, Threads = 7 });
            using var run = model.Prepare(Template.Parse("Tom had {3}")).Start();
            run.Next();
            Assert.Equal((own, others), (TorchThreads.count(), OnAnotherThread(TorchThreads.count)));
        }
    }

    private static int OnAnotherThread(Func<int> count)
    {
        var result = 0;
        var thread = new Thread(() => result = count());
        thread.Start();
        thread.Join();
        return result;
    }
}

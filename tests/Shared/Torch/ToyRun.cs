using Xunit;

namespace A3.Tests;

/// <summary>A run small enough to train within a test: a few made-up stories, a network of some thousand parameters.</summary>
internal static class ToyRun
{
    private static readonly string[] Names = ["Tom", "Lily", "Max", "Sue", "Ben"];
    private static readonly string[] Things = ["red ball", "small cat", "big dog", "blue hat"];

    private static readonly Lazy<Folder> Trained = new(() =>
    {
        var folder = new Folder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        Train(Options(folder, "base") with { Tokens = 1000 });
        return folder;
    });

    /// <summary>Writes 40 stories and gives the options of a run over them.</summary>
    public static TrainingOptions Options(Folder folder, string output = "run")
    {
        var stories = Enumerable.Range(0, 40).Select(i =>
            $"{Names[i % 5]} had a {Things[i % 4]}. {Names[i % 5]} was very happy.\nOne day the {Things[i % 4]} was gone. \"Where is it?\" said {Names[i * 3 % 5]}.\n<|endoftext|>\n");
        var data = folder.File("stories.txt");
        File.WriteAllText(data, string.Concat(stories));
        return new TrainingOptions
        {
            Data = [data],
            Validation = [data],
            Output = folder.File(output),
            Curriculum = "infill",
            Vocabulary = 300,
            Width = 16,
            Layers = 2,
            Heads = 2,
            Context = 48,
            BatchTokens = 256,
            Tokens = 4000,
            ValidateEvery = 15,
            ValidationRows = 8,
            LearningRate = 1e-2,
            Device = Device.Cpu,
        };
    }

    /// <summary>A run of a dozen steps.</summary>
    public static TrainingOptions Short(Folder folder, string output = "run") =>
        Options(folder, output) with { Tokens = 2000, Layers = 1, ValidateEvery = 5, ValidationRows = 4 };

    /// <summary>A copy of a checkpoint that was trained a little, once for all tests.</summary>
    public static string Base(Folder folder)
    {
        var copy = Directory.CreateDirectory(folder.File("base")).FullName;
        foreach (var file in Directory.GetFiles(Trained.Value.File("base")))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    /// <summary>Trains to the end and gives what was reported.</summary>
    public static List<TrainingProgress> Train(TrainingOptions options)
    {
        using var trainer = Trainer.Start(options, TestContext.Current.CancellationToken);
        var reports = new List<TrainingProgress>();
        trainer.Run(new Collector(reports), TestContext.Current.CancellationToken);
        return reports;
    }

    /// <summary>Begins a run and stops it after so many reports.</summary>
    public static void Interrupt(TrainingOptions options, int afterReports)
    {
        using var trainer = Trainer.Start(options, TestContext.Current.CancellationToken);
        RunAndCancel(trainer, afterReports);
    }

    /// <summary>Resumes a run and stops it after so many reports; the largest number lets it end.</summary>
    public static void Finish(string output, int afterReports)
    {
        using var trainer = Trainer.Resume(output, TestContext.Current.CancellationToken);
        if (afterReports == int.MaxValue)
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        else
        {
            RunAndCancel(trainer, afterReports);
        }
    }

    private static void RunAndCancel(Trainer trainer, int afterReports)
    {
        using var cancellation = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        var collector = new Collector(reports, _ =>
        {
            if (reports.Count == afterReports)
            {
                cancellation.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(() => trainer.Run(collector, cancellation.Token));
    }

    /// <summary>All files of a folder and what is in them, but for locks.</summary>
    public static string[] Contents(string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal))
            .Select(path => $"{path} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}"),
    ];

    /// <summary>The state file of the newest checkpoint of a run.</summary>
    public static string StateOf(string output) =>
        Path.Combine(Directory.GetDirectories(Path.Combine(output, "checkpoints")).Order().Last(), "training.safetensors");

    /// <summary>
    /// All files of two runs hold the same bytes, but for what tells of the clock: the manifest, the header of the token cache, TensorBoard
    /// events, the speeds among the metrics, and which steps before the last have a checkpoint.
    /// </summary>
    public static void AssertSameRun(string expected, string actual)
    {
        string[] FilesOf(string output) =>
        [
            .. Directory.GetFiles(output, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(output, file))
                .Where(file => !file.StartsWith("tensorboard", StringComparison.Ordinal))
                .Where(file => !file.StartsWith("checkpoints", StringComparison.Ordinal) || IsNewest(output, file)).Order(),
        ];
        bool IsTimed(string file) => Path.GetFileName(file) is "training.json" or "metrics.jsonl" || (file.StartsWith("cache", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal));
        var files = FilesOf(expected);
        Assert.InRange(Directory.GetDirectories(Path.Combine(actual, "checkpoints")).Length, 1, 2);
        Assert.Equal(files, FilesOf(actual));
        Assert.All(
            files.Where(file => !IsTimed(file)),
            file => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, file)), File.ReadAllBytes(Path.Combine(actual, file))));
        Assert.Equal(MetricsOf(expected), MetricsOf(actual));
    }

    private static bool IsNewest(string output, string file) =>
        Path.GetDirectoryName(Path.Combine(output, file)) == Path.GetDirectoryName(StateOf(output));

    private static string[] MetricsOf(string output) =>
    [
        .. File.ReadAllLines(Path.Combine(output, "metrics.jsonl")).Select(line =>
        {
            var entry = System.Text.Json.Nodes.JsonNode.Parse(line)!.AsObject();
            entry.Remove("tokensPerSecond");
            entry.Remove("remaining");
            return entry.ToJsonString();
        }),
    ];
}

/// <summary>Keeps reports, in order, on the thread that makes them.</summary>
internal sealed class Collector(List<TrainingProgress> reports, Action<TrainingProgress>? then = null) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        reports.Add(value);
        then?.Invoke(value);
    }
}

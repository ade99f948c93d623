using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly List<string> remarks = [];

    [Fact]
    public void TheLastCheckpointsAndTheBestAreKeptAndEachOneLoads()
    {
        // Judged by texts of which training has none: the more it learns, the worse it is.
        var others = folder.File("others.txt");
        File.WriteAllText(others, string.Concat(Enumerable.Range(0, 8).Select(i => $"ZXQ{i} 0987 WVK {i} JJY QQ {i}{i} 654 XZ.\n<|endoftext|>\n")));
        var options = ToyRun.Options(folder) with { Validation = [others], CheckpointSeconds = 1e-9, Keep = 3, LearningRate = 0.05, ValidateEvery = 3 };
        var reports = ToyRun.Train(options);
        var last = reports[^1].Step;
        Assert.Equal([last - 2, last - 1, last], Steps(options));
        var best = reports.Where(report => report.Validation.Count > 0).MinBy(report => report.Validation.Where(loss => loss.Key != Validation.ContentStream).Average(loss => loss.Value))!;
        Assert.True(best.Step < last, "the test needs a run that gets worse in the end.");
        using var said = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.Output, "best", "validation.json")));
        Assert.Equal(best.Step, said.RootElement.GetProperty("step").GetInt64());
        foreach (var directory in Directory.GetDirectories(Path.Combine(options.Output, "checkpoints")).Append(Path.Combine(options.Output, "best")))
        {
            using var model = A3Model.Load(directory, new LoadOptions { Device = Device.Cpu });
            Assert.Equal(16, model.Architecture.Width);
        }
    }

    [Theory]
    [InlineData("paper", 0, true, false)]
    [InlineData("paper", 1, true, true)]
    [InlineData("infill", 0, true, false)]
    [InlineData("stage 0.5: random; stage rest, content 1: left-to-right", 0, true, true)]
    [InlineData("stage 1, query 0, content 1: left-to-right", 0, false, true)]
    public void TheBestIsChosenByTheLossesThatTheLastStageTrains(string curriculum, double contentWeight, bool withQuery, bool withContent)
    {
        var options = ToyRun.Options(folder) with { Curriculum = curriculum, ContentWeight = contentWeight, Tokens = 3000 };
        ToyRun.Train(options);
        using var said = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.Output, "best", "validation.json")));
        var losses = said.RootElement.GetProperty("validation").EnumerateObject()
            .Where(loss => loss.Name == "left to right, content stream" ? withContent : withQuery);
        Assert.Equal(losses.Average(loss => loss.Value.GetDouble()), said.RootElement.GetProperty("loss").GetDouble(), 1e-9);
    }

    [Fact]
    public void TheManifestSaysWhatTheRunWasBegunWith()
    {
        var options = Interrupted();
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.Output, "training.json")));
        var record = manifest.RootElement.GetProperty("record");
        Assert.Equal("infill", manifest.RootElement.GetProperty("curriculum").GetString());
        Assert.StartsWith("stage 0.3, query 0, content 1: (left-to-right | singletons)", record.GetProperty("curriculum").GetString());
        Assert.Contains("2 layers x 16 wide", record.GetProperty("architecture").GetString());
        Assert.Equal("cpu", record.GetProperty("device").GetString());
        Assert.StartsWith("2.10", record.GetProperty("libtorch").GetString());
        Assert.Equal(Environment.Version.ToString(), record.GetProperty("dotNet").GetString());
        Assert.Equal(TorchSharp.torch.get_num_threads(), record.GetProperty("threads").GetInt32());
        Assert.NotEmpty(record.GetProperty("command").EnumerateArray());
        Assert.Equal(64, record.GetProperty("data")[0].GetProperty("sha256").GetString()!.Length);
    }

    [Fact]
    public void OtherDataIsAnErrorThatNamesTheFile()
    {
        var options = Interrupted();
        File.AppendAllText(options.Data[0], "One more. It was new.\n");
        var error = Assert.ThrowsAny<A3Exception>(() => Resume(options));
        Assert.Contains($"cannot be resumed: {options.Data[0]} has changed since the run began", error.Message);
    }

    [Fact]
    public void TheInitialCheckpointMayBeGoneWhenARunIsResumed()
    {
        var first = ToyRun.Options(folder, "first");
        ToyRun.Train(first);
        var next = ToyRun.Options(folder, "next") with { Initial = first.Output };
        Trainer.Start(next, TestContext.Current.CancellationToken).Dispose();
        Directory.Delete(first.Output, recursive: true);
        using var trainer = Resume(next);
        Assert.Equal(0, trainer.Step);
    }

    [Fact]
    public void ADirectoryWithTheStateOfAnEarlierVersionIsNotOverwritten()
    {
        var options = ToyRun.Options(folder);
        Directory.CreateDirectory(options.Output);
        File.WriteAllText(Path.Combine(options.Output, "training.safetensors"), "");
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Start(options, TestContext.Current.CancellationToken));
        Assert.Contains("already holds a training run", error.Message);
    }

    [Theory]
    [InlineData("\"curriculum\": \"infill\"", "\"curriculum\": \"paper\"", "says curriculum = \"paper\", there \"infill\"")]
    [InlineData("\"learningRate\": 0.01", "\"learningRate\": 0.02", "says learningRate = 0.02, there 0.01")]
    public void AChangedManifestIsAnErrorThatNamesWhatChanged(string then, string now, string message)
    {
        var options = Interrupted();
        Change(options, then, now);
        var error = Assert.ThrowsAny<A3Exception>(() => Resume(options));
        Assert.Contains("does not match its run", error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void ACurriculumWhoseNameMeansSomethingElseByNowIsAnError()
    {
        var options = Interrupted();
        Change(options, "stage 0.3, query 0", "stage 0.2, query 0");
        var error = Assert.ThrowsAny<A3Exception>(() => Resume(options));
        Assert.Contains("its curriculum began as stage 0.2, query 0, content 1", error.Message);
    }

    [Fact]
    public void AnotherMachineIsARemark()
    {
        var options = Interrupted();
        foreach (var path in Directory.GetFiles(options.Output, "training.json", SearchOption.AllDirectories))
        {
            File.WriteAllText(path, Regex.Replace(File.ReadAllText(path), "\"threads\": \\d+", "\"threads\": 64"));
        }

        Resume(options).Dispose();

        // How many there are now is up to the tests beside: libtorch counts its threads for the whole process.
        Assert.Matches(
            @"^resumed with threads \d+ in place of 64: results may differ from an uninterrupted run's in the last bits\.$", Assert.Single(remarks));
    }

    [Fact]
    public void HowOftenARunIsSavedMayBeChanged()
    {
        var options = Interrupted();
        var path = Path.Combine(options.Output, "training.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"keep\": 2", "\"keep\": 1", StringComparison.Ordinal));
        using (var trainer = Resume(options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }

        Assert.Single(Steps(options));
    }

    [Fact]
    public void AStateRestoresWeightsMomentsAndEveryCounter()
    {
        var options = ToyRun.Options(folder);
        var tokenizer = BpeTrainer.Train(["Tom had a red ball."], 300, cancellation: CancellationToken.None);
        using var corpus = Corpus.Open(TrainingSetup.Source(options, options.Data), folder.File("cache"), tokenizer, "hash");
        var architecture = Model.ArchitectureModule.create(tokenizer.VocabularySize, 16, 2, 2, 48);
        TrainingRun Run(long seed) =>
            new(options, new TrainedNetwork(architecture, Tensors.WeightsModule.initialise(architecture, seed)), teacher: null, Specifications.Curriculum("ar"), corpus, TorchSharp.torch.CPU);
        using var run = Run(1);
        run.Advance();
        (run.Position, run.Unreported, run.Best) = (new DataPosition(3, 0, 1), new LossSum(1.25, 1), 0.1);
        RunState.Write(folder.Path, run);
        using var other = Run(2);
        RunState.Restore(folder.Path, other);
        Assert.Equal((1, run.Tokens, run.Position, run.Unreported, 0.1), (other.Step, other.Tokens, other.Position, other.Unreported, other.Best));
        Assert.Equal(RunState.Numbers(run.Parameters), RunState.Numbers(other.Parameters));
        Assert.Equal(RunState.Numbers(run.Optimizer.First), RunState.Numbers(other.Optimizer.First));
        Assert.Equal(RunState.Numbers(run.Optimizer.Second), RunState.Numbers(other.Optimizer.Second));
    }

    [Fact]
    public void ABrokenStateNamesTheOneBefore()
    {
        var options = ToyRun.Options(folder) with { CheckpointSeconds = 1e-9 };
        ToyRun.Train(options);
        var state = ToyRun.StateOf(options.Output);
        File.WriteAllBytes(state, File.ReadAllBytes(state)[..1000]);
        var error = Assert.ThrowsAny<A3Exception>(() => Resume(options));
        Assert.EndsWith($"Remove {Path.GetDirectoryName(state)} to go on from step {Steps(options)[^2]}.", error.Message);
    }

    [Fact]
    public void ARunThatAnotherProcessTrainsIsLeftAlone()
    {
        var options = Interrupted();
        using var other = Resume(options);
        var error = Assert.ThrowsAny<A3Exception>(() => Resume(options));
        Assert.Contains("another process is training in this directory", error.Message);
    }

    [Fact]
    public void WhatAKilledSaveLeftIsRemoved()
    {
        var options = Interrupted();
        var unfinished = Directory.CreateDirectory(Path.Combine(options.Output, "checkpoints", "step-00000099.tmp"));
        File.WriteAllText(Path.Combine(unfinished.FullName, "training.safetensors"), "unfinished");
        string[] left = [.. new[] { ".", "best" }.Select(place => Path.Combine(options.Output, place, "model.safetensors.abcdefgh.xyz.tmp"))];
        Directory.CreateDirectory(Path.Combine(options.Output, "best"));
        Assert.All(left, path => File.WriteAllText(path, "unfinished"));
        File.WriteAllText(Path.Combine(options.Output, "notes.tmp"), "somebody's own");
        Resume(options).Dispose();
        Assert.False(unfinished.Exists && Directory.Exists(unfinished.FullName));
        Assert.All(left, path => Assert.False(File.Exists(path)));
        Assert.True(File.Exists(Path.Combine(options.Output, "notes.tmp")));
    }

    [Fact]
    public void AStateWithAWeightThatIsNoNumberIsNotSaved()
    {
        var options = ToyRun.Options(folder) with { LearningRate = 0.99, WeightDecay = 9.99, Clip = 1e30, Warmup = 0, Tokens = 100_000 };
        var error = Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options with { CheckpointSeconds = 1e-9 }));
        Assert.Contains("diverged at step", error.Message);
        Assert.Contains($"Its batch: {options.Data[0]}, line ", error.Message);
        using var file = SafetensorsFile.Open(ToyRun.StateOf(options.Output));
        Assert.All(file["parameters"].ToFloats(), number => Assert.True(float.IsFinite(number)));
    }

    public void Dispose() => folder.Dispose();

    private static long[] Steps(TrainingOptions options) => [.. new CheckpointFolders(Path.Combine(options.Output, "checkpoints")).Steps];

    /// <summary>A run that was stopped at its start.</summary>
    private TrainingOptions Interrupted()
    {
        var options = ToyRun.Options(folder);
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        return options;
    }

    private Trainer Resume(TrainingOptions options) =>
        Trainer.Resume(options.Output, new DocumentFileTests.Remarks(remarks), TestContext.Current.CancellationToken);

    /// <summary>Changes the manifest of the run; of its record, in the checkpoints too.</summary>
    private static void Change(TrainingOptions options, string then, string now)
    {
        var inRecord = !then.StartsWith("\"curriculum", StringComparison.Ordinal) && !then.StartsWith("\"learningRate", StringComparison.Ordinal);
        foreach (var path in Directory.GetFiles(options.Output, "training.json", inRecord ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly))
        {
            var text = File.ReadAllText(path);
            Assert.Contains(then, text);
            File.WriteAllText(path, text.Replace(then, now, StringComparison.Ordinal));
        }
    }
}

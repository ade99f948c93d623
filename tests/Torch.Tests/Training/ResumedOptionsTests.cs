using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>What may be changed when a run is resumed, and how it is extended.</summary>
public sealed class ResumedOptionsTests : IDisposable
{
    private readonly Folder folder = new();

    [Fact]
    public void ItDoesNotMatterWhenARunIsExtendedNorInHowManyGoes()
    {
        var (once, twice, early) = (ToyRun.Short(folder, "once"), ToyRun.Short(folder, "twice"), ToyRun.Short(folder, "early"));
        ToyRun.Train(once);
        var planned = File.ReadAllBytes(Path.Combine(once.Output, "model.safetensors"));
        Extend(once.Output, 3500);
        ToyRun.Train(twice);
        Assert.Equal(planned, File.ReadAllBytes(Path.Combine(twice.Output, "model.safetensors")));
        Extend(twice.Output, 2600);
        Extend(twice.Output, 3500);
        ToyRun.Interrupt(early, afterReports: 1);
        Extend(early.Output, 3500);

        Assert.NotEqual(planned, File.ReadAllBytes(Path.Combine(once.Output, "model.safetensors")));
        Assert.Equal(Weights(once.Output), Weights(twice.Output));
        Assert.Equal(Weights(once.Output), Weights(early.Output));
    }

    [Fact]
    public void AManifestOfVersion01IsReadUnderItsOldKeys()
    {
        var options = ToyRun.Short(folder) with { GradientAccumulationSteps = 2, ParallelMicroBatches = 2, ActivationCheckpointing = true };
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        var manifest = Path.Combine(options.Output, RunManifest.FileName);
        var written = File.ReadAllText(manifest);
        File.WriteAllText(
            manifest,
            written.Replace("\"gradientAccumulationSteps\"", "\"accumulate\"", StringComparison.Ordinal)
                .Replace("\"parallelMicroBatches\"", "\"lanes\"", StringComparison.Ordinal)
                .Replace("\"activationCheckpointing\"", "\"recompute\"", StringComparison.Ordinal));
        var read = RunManifest.Read(options.Output);

        Assert.Equal((2, 2, true), (read.Options.GradientAccumulationSteps, read.Options.ParallelMicroBatches, read.Options.ActivationCheckpointing));
        read.Write(options.Output);
        Assert.Equal(written, File.ReadAllText(manifest));
    }

    [Fact]
    public void BeyondItsPlanARunGoesOnAsItEnded()
    {
        var options = ToyRun.Short(folder) with { Curriculum = "stage 0.5, query 0, content 1: left-to-right; stage rest: random" };
        ToyRun.Train(options);
        var reports = Extend(options.Output, 4000);
        Assert.All(reports, report => Assert.Equal((options.LearningRate * options.FinalRate, 4000), (report.LearningRate, report.TotalTokens)));
        Assert.InRange(reports[^1].Tokens, 4000, 4300);
        // Resumed once more, it knows where it ends.
        using var again = Trainer.Resume(options.Output, TestContext.Current.CancellationToken);
        var step = again.Step;
        again.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((reports[^1].Step, reports[^1].Step), (step, again.Step));
    }

    [Theory]
    [InlineData(1999, 0.1, "Tokens = 1999: the run has 2000, and can only be extended beyond them.")]
    [InlineData(3000, 0, "ExtendedTo = 3000: the learning rate of the run ends at 0")]
    [InlineData(long.MaxValue, 0.1, "ExtendedTo = 9223372036854775807: must be in 2000..1000000000000000")]
    public void AnExtensionHasItsRule(long tokens, double finalRate, string message)
    {
        var options = ToyRun.Short(folder) with { FinalRate = finalRate };
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        var error = Assert.Throws<ArgumentException>(
            () => Trainer.Resume(options.Output, new ResumeOptions { Tokens = tokens }, null, TestContext.Current.CancellationToken));
        Assert.StartsWith(message, error.Message);
    }

    [Fact]
    public void AFinishedRunSaysHowItIsExtended()
    {
        var options = ToyRun.Short(folder);
        ToyRun.Train(options);
        var remarks = new List<string>();
        Trainer.Resume(options.Output, new DocumentFileTests.Remarks(remarks), TestContext.Current.CancellationToken).Dispose();
        Assert.Equal("the run has seen all of its 2000 tokens; --tokens MORE extends it.", Assert.Single(remarks));
    }

    [Fact]
    public void WhatDecidesNothingAboutTheNumbersMayBeChangedAndStaysChanged()
    {
        var (straight, changed) = (ToyRun.Short(folder, "straight") with { GradientAccumulationSteps = 2 }, ToyRun.Short(folder, "changed") with { GradientAccumulationSteps = 2 });
        ToyRun.Train(straight);
        ToyRun.Interrupt(changed, afterReports: 1);
        var cache = folder.File("elsewhere");
        var changes = new ResumeOptions { Keep = 1, CheckpointSeconds = 1e-9, ParallelMicroBatches = 2, ActivationCheckpointing = true, Cache = cache, Device = Device.Cpu };
        using (var trainer = Trainer.Resume(changed.Output, changes, null, TestContext.Current.CancellationToken))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }

        Assert.Equal(Weights(straight.Output), Weights(changed.Output));
        Assert.Single(Directory.GetDirectories(Path.Combine(changed.Output, "checkpoints")));
        Assert.NotEmpty(Directory.GetFiles(cache, "*.tokens"));
        var kept = RunManifest.Read(changed.Output).Options;
        Assert.Equal((1, 1e-9, 2, true, cache), (kept.Keep, kept.CheckpointSeconds, kept.ParallelMicroBatches, kept.ActivationCheckpointing, kept.Cache));
    }

    [Fact]
    public void ACacheThatAManifestNamesIsReadAndNeverWritten()
    {
        var options = ToyRun.Short(folder) with { Cache = folder.File("cache") };
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        var tokens = Directory.GetFiles(options.Cache, "*.tokens")[0];
        Trainer.Resume(options.Output, TestContext.Current.CancellationToken).Dispose();
        Assert.False(Directory.Exists(Path.Combine(options.Output, "cache")));

        File.WriteAllBytes(tokens, new byte[new FileInfo(tokens).Length]);
        var before = ToyRun.Contents(options.Cache);
        ToyRun.Finish(options.Output, afterReports: int.MaxValue);
        Assert.Equal(before, ToyRun.Contents(options.Cache));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(options.Output, "cache"), "*.tokens"));
    }

    public void Dispose() => folder.Dispose();

    private static List<TrainingProgress> Extend(string output, long tokens)
    {
        var reports = new List<TrainingProgress>();
        using var trainer = Trainer.Resume(output, new ResumeOptions { Tokens = tokens }, null, TestContext.Current.CancellationToken);
        trainer.Run(new Collector(reports), TestContext.Current.CancellationToken);
        return reports;
    }

    /// <summary>Parameters and moments of the newest checkpoint.</summary>
    private static float[][] Weights(string output)
    {
        using var file = SafetensorsFile.Open(ToyRun.StateOf(output));
        return [.. new[] { "parameters", "moments.first", "moments.second" }.Select(name => file[name].ToFloats())];
    }
}

using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>Runs that are stopped where it hurts: within a validation, while a disk is full, by who listens to them.</summary>
public sealed class StoppedRunTests : IDisposable
{
    private readonly Folder folder = new();

    /// <summary>Validations take most of this run's time, so most stops meet one.</summary>
    [Fact]
    public void ARunStoppedAtAnyMomentIsSavedThereAndGoesOnAsIfNeverStopped()
    {
        TrainingOptions Options(string output) => ToyRun.Short(folder, output) with { ValidateEvery = 2, ValidationRows = 40 };
        var straight = Options("straight");
        ToyRun.Train(straight);
        var stopped = Options("stopped");
        var random = new Random(16);
        Trainer.Start(stopped, TestContext.Current.CancellationToken).Dispose();
        for (var done = false; !done;)
        {
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(1, 250)));
            using var trainer = Trainer.Resume(stopped.Output, TestContext.Current.CancellationToken);
            try
            {
                trainer.Run(cancellation: cancellation.Token);
                done = true;
            }
            catch (OperationCanceledException)
            {
                Assert.EndsWith($"step-{trainer.Step:D8}", Path.GetDirectoryName(ToyRun.StateOf(stopped.Output)));
            }
        }

        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Fact]
    public async Task ARunWhoseTrainerOthersDisposeOfIsSavedAndGoesOnAsIfNeverStopped()
    {
        var (straight, stopped) = (ToyRun.Short(folder, "straight"), ToyRun.Short(folder, "stopped"));
        ToyRun.Train(straight);
        var trainer = Trainer.Start(stopped, TestContext.Current.CancellationToken);
        using var reported = new ManualResetEventSlim();
        var running = Task.Run(() => trainer.Run(new Collector([], _ => reported.Set())));
        reported.Wait(TestContext.Current.CancellationToken);
        Assert.Throws<InvalidOperationException>(() => trainer.Run());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(trainer.Dispose)));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Throws<ObjectDisposedException>(() => trainer.Run());
        ToyRun.Finish(stopped.Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Fact]
    public void ARunCannotDisposeOfItsOwnTrainer()
    {
        using var trainer = Trainer.Start(ToyRun.Short(folder), TestContext.Current.CancellationToken);
        var error = Assert.Throws<InvalidOperationException>(() => trainer.Run(new Collector([], _ => trainer.Dispose())));
        Assert.StartsWith("a run cannot dispose of its own trainer", error.Message);
    }

    [Fact]
    public void ALineThatIsStillToBeReportedIsReportedWhenTheRunGoesOn()
    {
        var (straight, stopped) = (ToyRun.Short(folder, "straight"), ToyRun.Short(folder, "stopped"));
        ToyRun.Train(straight);
        // A folder where a file of the best checkpoint belongs: the validation of step 5 fails behind its numbers.
        var inTheWay = Path.Combine(stopped.Output, "best", "validation.json");
        using (var trainer = Trainer.Start(stopped, TestContext.Current.CancellationToken))
        {
            Directory.CreateDirectory(inTheWay);
            Assert.ThrowsAny<Exception>(() => trainer.Run(cancellation: TestContext.Current.CancellationToken));
        }

        Directory.Delete(inTheWay);
        ToyRun.Finish(stopped.Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ARunThatCannotBeSavedSaysSoAndWhichStepIsOnTheDisk(bool cancelled)
    {
        var (straight, options) = (ToyRun.Short(folder, "straight"), ToyRun.Short(folder));
        ToyRun.Train(straight);
        using (var trainer = Trainer.Start(options, TestContext.Current.CancellationToken))
        {
            using var cancellation = new CancellationTokenSource();
            var before = ToyRun.Contents(options.Output);
            var checkpoints = Path.Combine(options.Output, "checkpoints");
            var collector = new Collector([], report =>
            {
                // A file where the next folder belongs fails the save as a full disk does.
                var step = cancelled ? report.Step : report.Step + 1;
                Block(step);
                if (cancelled)
                {
                    cancellation.Cancel();
                }
            });
            void Block(long step) => File.WriteAllText(Path.Combine(checkpoints, $"step-{step:D8}.tmp"), "");
            for (var step = 1; !cancelled && step < 40; step++)
            {
                Block(step);
            }

            var error = Assert.ThrowsAny<A3Exception>(() => trainer.Run(cancelled ? collector : null, cancellation.Token));
            Assert.Matches($@"^step {trainer.Step} is not saved: .+ The checkpoint of step 0 is kept: go on from it with a3 train --resume {options.Output}\.$", error.Message);
            Assert.DoesNotContain(before.Except(ToyRun.Contents(options.Output)), _ => true);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(options.Output, "checkpoints"), "*.tmp"))
        {
            File.Delete(file);
        }

        ToyRun.Finish(options.Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(straight.Output, options.Output);
    }

    [Fact]
    public void ASaveThatFailsLeavesNothingOfItsOwn()
    {
        var folders = new CheckpointFolders(folder.Path);
        folders.Add(1, keep: 1, place => File.WriteAllText(Path.Combine(place, "state"), "1"), _ => { });
        Assert.Throws<IOException>(() => folders.Add(2, keep: 1, place => File.WriteAllText(Path.Combine(place, "state"), "2"), _ => throw new IOException("full")));
        Assert.Equal([1], folders.Steps);
        Assert.Single(Directory.GetDirectories(folder.Path));
    }

    [Fact]
    public void WhatAListenerThrowsEndsTheRunSaved()
    {
        var options = ToyRun.Short(folder);
        using var trainer = Trainer.Start(options, TestContext.Current.CancellationToken);
        Assert.Throws<IOException>(() => trainer.Run(new Collector([], _ => throw new IOException("gone")), TestContext.Current.CancellationToken));
        Assert.Equal(5, trainer.Step);
        Assert.EndsWith("step-00000005", Path.GetDirectoryName(ToyRun.StateOf(options.Output)));
    }

    [Theory]
    [InlineData("{\"step\":5,\"tok")]
    [InlineData("{\"step\":5,\"tok\n")]
    [InlineData("null\n[]\n{}\n5\n")]
    [InlineData("\uFFFD\u0000\n\n\n")]
    public void NoLineOfMetricsEndsARun(string broken)
    {
        var (straight, stopped) = (ToyRun.Short(folder, "straight"), ToyRun.Short(folder, "stopped"));
        ToyRun.Train(straight);
        ToyRun.Interrupt(stopped, afterReports: 1);
        var metrics = Path.Combine(stopped.Output, "metrics.jsonl");
        File.WriteAllBytes(metrics, [.. File.ReadAllBytes(metrics), .. System.Text.Encoding.Latin1.GetBytes(broken.Replace('\uFFFD', '\u00ff'))]);
        ToyRun.Finish(stopped.Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Fact]
    public void AStartThatFailedHoldsNoLockAndCanBeTriedAgain()
    {
        var options = ToyRun.Short(folder) with { BrokenLines = BrokenLines.Fail, Tokenizer = Saved() };
        byte[] good = File.ReadAllBytes(options.Data[0]);
        File.WriteAllBytes(options.Data[0], [.. good, 0xFF]);
        Assert.ThrowsAny<A3Exception>(() => Trainer.Start(options, TestContext.Current.CancellationToken));
        Assert.True(File.Exists(Path.Combine(options.Output, "tokenizer.json")), "the test needs a start that fails behind the lock.");
        File.WriteAllBytes(options.Data[0], good);
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();

        var manifest = Path.Combine(options.Output, "training.json");
        var text = File.ReadAllText(manifest);
        File.WriteAllText(manifest, text.Replace("\"seed\": 1", "\"seed\": 2", StringComparison.Ordinal));
        Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(options.Output, TestContext.Current.CancellationToken));
        File.WriteAllText(manifest, text);
        Assert.Throws<ArgumentException>(() => Trainer.Resume(options.Output, new ResumeOptions { Keep = 0 }, null, TestContext.Current.CancellationToken));
        Trainer.Resume(options.Output, TestContext.Current.CancellationToken).Dispose();
    }

    [Fact]
    public void ALockThatCannotBeWrittenIsNoOtherProcess()
    {
        var options = ToyRun.Short(folder);
        Directory.CreateDirectory(Path.Combine(options.Output, "training.lock"));
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Start(options, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{Path.Combine(options.Output, "training.lock")}: cannot be written (", error.Message);
    }

    public void Dispose() => folder.Dispose();

    private string Saved()
    {
        var path = folder.File("tokenizer");
        Directory.CreateDirectory(path);
        BpeTrainer.Train(["Tom had a red ball."], 300, cancellation: CancellationToken.None).Save(path);
        return path;
    }
}

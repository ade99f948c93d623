using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>What a curriculum's stages do to a run.</summary>
public sealed class CurriculumRunTests
{
    [Fact]
    public void TheStageDecidesOnTheWeightOfTheContentStreamsLoss()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { Tokens = 20000, Curriculum = "stage 1, query 0, content 1: left-to-right" };
        var byStage = Last(options with { Output = folder.File("stage") });
        var byRun = Last(options with { Output = folder.File("run"), Curriculum = "ar", ContentWeight = 1 });
        var queryOnly = Last(options with { Output = folder.File("query"), Curriculum = "ar" });
        const string Content = "left to right, content stream";

        Assert.True(byStage[Content] < queryOnly[Content] - 0.3);
        Assert.True(byRun["left to right"] < byStage["left to right"] - 0.3);
    }

    [Fact]
    public void MaskedDiffusionLearns()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { Tokens = 12000, Curriculum = "masked-diffusion" };
        var validations = ToyRun.Train(options).Where(report => report.Validation.Count > 0).ToArray();

        Assert.True(validations[^1].Validation["any order"] < validations[0].Validation["any order"] - 0.3);
    }

    [Fact]
    public void StagesInStepsAreCountedByTheTokensOfTheSteps()
    {
        using var folder = new Folder();
        const string Content = "query 0, content 1: left-to-right";
        var staged = ToyRun.Train(ToyRun.Options(folder, "staged") with { Curriculum = $"stage 13 steps, {Content}; stage rest: random" });
        var content = ToyRun.Train(ToyRun.Options(folder, "content") with { Curriculum = $"stage 1, {Content}" });

        Assert.Equal([10, 15, 20], content.Take(3).Select(report => report.Step));
        Assert.Equal(content[0].Loss, staged[0].Loss);
        Assert.NotEqual(content[2].Loss, staged[2].Loss);
    }

    [Fact]
    public void ACurriculumThatDoesNotFitIsRefusedBeforeAnythingIsWritten()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { Curriculum = "random | chunks 49" };
        var error = Assert.Throws<RequestException>(() => ToyRun.Train(options));

        Assert.StartsWith("Curriculum = random | chunks 49: stage 0, component 0: groups of 49, but the context holds 48", error.Message);
        Assert.False(Directory.Exists(options.Output));
    }

    [Fact]
    public void StepsWithoutATargetChangeNothingAndAreCounted()
    {
        using var folder = new Folder();
        const string Nothing = "query 0, content 1: prefix bidirectional | random";
        var idle = ToyRun.Short(folder, "idle") with { Curriculum = $"stage 1, {Nothing}", WeightDecay = 1 };
        var before = Path.Combine(folder.File("begun"), "model.safetensors");
        Trainer.Start(idle with { Output = folder.File("begun") }, TestContext.Current.CancellationToken).Dispose();
        var reports = ToyRun.Train(idle);

        Assert.All(reports, report => Assert.Equal((0, 0), (report.Loss, report.GradientNorm)));
        Assert.Equal(reports[^1].Step, reports.Sum(report => report.StepsWithoutTarget));
        Assert.Equal(File.ReadAllBytes(before), File.ReadAllBytes(Path.Combine(idle.Output, "model.safetensors")));
    }

    [Fact]
    public void ARunWithStepsWithoutATargetGoesOnAsIfNeverStopped()
    {
        using var folder = new Folder();
        TrainingOptions Options(string output) => ToyRun.Short(folder, output) with
        {
            Curriculum = "stage 0.5, query 0, content 1: prefix bidirectional | random; stage rest, query 0, content 1: left-to-right",
        };
        var reports = ToyRun.Train(Options("straight"));
        ToyRun.Interrupt(Options("stopped"), afterReports: 1);
        ToyRun.Finish(folder.File("stopped"), afterReports: 1);
        ToyRun.Finish(folder.File("stopped"), afterReports: int.MaxValue);

        Assert.Equal([5, 0, 0], reports.Select(report => report.StepsWithoutTarget));
        Assert.All(reports, report => Assert.True(double.IsFinite(report.Loss)));
        ToyRun.AssertSameRun(folder.File("straight"), folder.File("stopped"));
    }

    private static IReadOnlyDictionary<string, double> Last(TrainingOptions options) => ToyRun.Train(options)[^1].Validation;
}

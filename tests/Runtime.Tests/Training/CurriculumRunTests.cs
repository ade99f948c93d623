using Xunit;

namespace A3.Runtime.Tests.Training;

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
        var options = ToyRun.Options(folder) with { Tokens = 20000, Curriculum = "masked-diffusion" };
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
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(options));

        Assert.StartsWith("Curriculum = random | chunks 49: stage 0, draw 0: groups of 49, but the context holds 48", error.Message);
        Assert.False(Directory.Exists(options.Output));
    }

    private static IReadOnlyDictionary<string, double> Last(TrainingOptions options) => ToyRun.Train(options)[^1].Validation;
}

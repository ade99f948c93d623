using System.Text.RegularExpressions;
using Xunit;

namespace A3.Cli.Tests;

public sealed partial class HelpTests
{
    /// <summary>Options of training that are not called as their properties are.</summary>
    private static readonly Dictionary<string, string> Named = new()
    {
        ["Data"] = "<FILES>",
        ["Output"] = "--out",
        ["Initial"] = "--init",
        ["SavedAs"] = "--dtype",
        ["ExtendedTo"] = "--tokens",
    };

    public static TheoryData<string> Commands => [.. CommandLine.Commands];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_explains_itself_with_an_example(string command)
    {
        var help = CommandLine.Run(command, "--help");

        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Matches($@"EXAMPLE:\s+a3 {command} ", help.Out);
        Assert.All(
            ["--model", "--device", "--dtype", "--seed", "--grouping", "--json"],
            option => Assert.Contains(option, help.Out, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_arguments_the_program_lists_its_commands()
    {
        var help = CommandLine.Run();

        Assert.Equal(0, help.Code);
        Assert.All(CommandLine.Commands, command => Assert.Matches($@"(?m)^\s+{command} ", help.Out));
        Assert.Equal("0.1.0\n", CommandLine.Run("--version").Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_option_of_training_is_an_option_of_the_command_line()
    {
        var help = CommandLine.Run("train", "--help").Out;

        Assert.All(
            typeof(TrainingOptions).GetProperties().Select(property => property.Name),
            name => Assert.Contains(Named.GetValueOrDefault(name, Kebab(name)), help, StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_in_the_help_of_training_are_those_of_the_library()
    {
        var help = Regex.Replace(CommandLine.Run("train", "--help").Out, @"\s+", " ");
        var standard = new TrainingOptions { Data = [], Output = "" };

        string[] numbers =
        [
            "Vocabulary", "Width", "Layers", "Heads", "Tokens", "BatchTokens", "LearningRate", "Warmup",
            "WeightDecay", "Clip", "FinalRate", "GradientAccumulationSteps", "ParallelMicroBatches", "ContentWeight", "Crop", "CheckpointSeconds", "ValidateEvery", "ValidationRows",
        ];

        foreach (var name in numbers)
        {
            var value = typeof(TrainingOptions).GetProperty(name)!.GetValue(standard);
            Assert.Matches($@"{Named.GetValueOrDefault(name, Kebab(name))} <\w+> [^<]*\(default {Regex.Escape($"{value}")}\)", help);
        }
    }

    [GeneratedRegex("(?<=[a-z])[A-Z]")]
    private static partial Regex Capital();

    private static string Kebab(string name) => "--" + Capital().Replace(name, "-$0").ToLowerInvariant();
}

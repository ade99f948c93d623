using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Options of infill and generate beyond a single plain text: samples, forbidden texts, drafts.</summary>
public sealed class SamplesTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public SamplesTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) => CommandLine.Run([.. arguments, "--model", model]);

    private static string[] Texts(IEnumerable<JsonElement> texts) =>
        [.. texts.Select(text => text.GetProperty("text").GetString()!)];

    [Theory]
    [InlineData("infill", "Tom had {5} ball. {4} happy.")]
    [InlineData("infill", "Tom had {5} ball. {4} happy.", "--policy", "entropy | constant 2 | window 4")]
    [InlineData("infill", "Tom had {5} ball.", "--speculative", "3")]
    [InlineData("infill", "Tom had {5} ball.", "--reference")]
    [InlineData("infill", "{5}", "--policy", "bisect | chunks 2")]
    [InlineData("infill", "Tom had {5} ball.", "--revise", "2", "--revise-share", "0.5")]
    [InlineData("infill", "Tom {2..6} ball. {2..4} happy.")]
    [InlineData("generate", "Tom", "--length", "9", "--revise", "1", "--policy", "entropy | constant 2")]
    [InlineData("generate", "Tom", "--length", "9", "--causal")]
    [InlineData("generate", "", "--length", "9", "--causal")]
    public void Samples_are_what_their_seeds_give_alone(params string[] command)
    {
        var alone = Enumerable.Range(5, 5).Select(seed => Run([.. command, "--seed", $"{seed}", "--json"]).Json()[0]).ToArray();
        var samples = Run([.. command, "--seed", "5", "--samples", "5", "--batch-size", "3", "--json"]).Json()[0];
        var together = samples.EnumerateArray().ToArray();

        Assert.Equal(Texts(alone), Texts(together));
        Assert.True(Texts(together).Distinct().Count() > 1);
        Assert.Equal([5, 6, 7, 8, 9], together.Select(sample => sample.GetProperty("seed").GetInt32()));
        Assert.Equal(
            alone.Select(sample => sample.GetProperty("log_probability").GetDouble()),
            together.Select(sample => sample.GetProperty("log_probability").GetDouble()));

        // What is given has a pass of its own, which all share; a single token predicts by itself.
        var shared = command[1].Length == 0 ? 0 : 1;
        Assert.Equal(
            alone.Select(sample => shared + sample.GetProperty("forward_passes").GetInt32()),
            together.Select(sample => sample.GetProperty("forward_passes").GetInt32()));
    }

    [Fact]
    public void Samples_are_numbered_in_a_terminal_and_follow_each_other_in_a_pipe()
    {
        string[] arguments = ["infill", "Tom had {5} ball.", "--samples", "3", "--model", model];
        var terminal = CommandLine.Run(Ink.TrueColour, CancellationToken.None, arguments);
        var alone = Enumerable.Range(1, 3).Select(seed => Run("infill", "Tom had {5} ball.", "--seed", $"{seed}").Out);

        Assert.All(Enumerable.Range(1, 3), number => Assert.Contains($"{number}  seed {number}, ", terminal.Out));
        Assert.Equal(string.Concat(alone), CommandLine.Run(arguments).Out);
    }

    [Fact]
    public void No_token_contains_a_forbidden_text()
    {
        bool Contains(char letter, params string[] options) => Run(["infill", "{40}", .. options, "--json"]).Json()[0]
            .GetProperty("tokens").EnumerateArray().Skip(1)
            .Any(token => token.GetProperty("token").GetString()!.Contains(letter));

        Assert.True(Contains('a') && Contains('e'));
        Assert.False(Contains('a', "--forbid", "a", "--forbid", "e") || Contains('e', "--forbid", "a", "--forbid", "e"));
    }

    [Fact]
    public void Speculative_decoding_reports_how_many_drafts_it_kept()
    {
        string[] command = ["generate", "Tom", "--length", "40", "--temperature", "0.1"];
        string[] drafting = [.. command, "--speculative", "8"];
        var drafts = Run([.. drafting, "--json"]).Json()[0].GetProperty("drafts");
        var (proposed, accepted) = (drafts.GetProperty("proposed").GetInt32(), drafts.GetProperty("accepted").GetInt32());

        Assert.InRange(accepted, 1, proposed - 1);
        Assert.Contains($", {accepted} of {proposed} drafts accepted, ", Run(drafting).Error, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Run([.. command, "--json"]).Json()[0].GetProperty("drafts").ValueKind);
    }
}

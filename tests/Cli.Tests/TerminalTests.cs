using System.Text.RegularExpressions;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>What people see: bars and texts that are redrawn in place, tables in columns, whatever the width.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public TerminalTests() => model = TinyCheckpoint.In(folder);

    private static (TerminalScreen Out, TerminalScreen Error, string Raw) Run(int width, params string[] arguments)
    {
        using var result = new StringWriter();
        using var error = new StringWriter();
        var output = new Output(result, error, Ink.TrueColour, Ink.TrueColour, isTerminal: true, width, height: 40, json: false);
        Assert.Equal(0, Program.run(output, CancellationToken.None, arguments));
        return (TerminalScreen.Of(result.ToString(), width), TerminalScreen.Of(error.ToString(), width), result.ToString());
    }

    private string[] Training() =>
    [
        "train", Path.Combine(folder.Path, "stories.txt"), "--validation", Path.Combine(folder.Path, "stories.txt"), "--out", folder.File("run"),
        "--tokens", "3000", "--width", "16", "--heads", "2", "--layers", "1", "--vocabulary", "270", "--batch-tokens", "256", "--context", "32",
        "--validate-every", "5", "--validation-rows", "4",
    ];

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(54)]
    [InlineData(100)]
    public void A_bar_stays_one_line_in_a_terminal_of_any_width(int width)
    {
        File.WriteAllText(folder.File("stories.txt"), string.Concat(Enumerable.Repeat("Tom had a red ball. He was very happy.\n<|endoftext|>\n", 40)));
        var lines = Run(width, Training()).Out.Lines;

        Assert.Single(lines, line => line.Contains("100%", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => Regex.IsMatch(line, @"^[━─]* *\d?\d%  loss"));
        Assert.DoesNotContain(lines, line => line.Contains("learning a vocabulary", StringComparison.Ordinal));
        Assert.Equal(width >= 54, lines.Any(line => line.StartsWith('━')));
        Assert.True(lines.All(line => line.Length <= width));
    }

    [Theory]
    [InlineData(24)]
    [InlineData(60)]
    public void A_batch_has_one_bar_and_its_complaints_stand_above_it(int width)
    {
        File.WriteAllText(folder.File("rows"), "{\"prompt\": \"Tom\", \"length\": 3}\n{\"prompt\": 5}\n{\"prompt\": \"Sue\", \"length\": 3}\n");
        var lines = Run(width, "show", "bisect").Error.Lines;
        Assert.Empty(lines);

        using var result = new StringWriter();
        using var error = new StringWriter();
        var output = new Output(result, error, Ink.Plain, Ink.TrueColour, isTerminal: false, width, height: 40, json: false);
        Assert.Equal(1, Program.run(output, CancellationToken.None, ["generate", "--batch", folder.File("rows"), "--model", model]));
        lines = TerminalScreen.Of(error.ToString(), width).Lines;
        var bar = Array.FindIndex(lines, line => line.Contains("3 of 3 rows", StringComparison.Ordinal));

        Assert.StartsWith("a3:", lines[0], StringComparison.Ordinal);
        Assert.True(bar > 0);
        Assert.DoesNotContain(lines[..bar], line => line.Contains(" of 3 rows", StringComparison.Ordinal));
        Assert.StartsWith("a3: 1 of 3 rows", lines[bar + 1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_live_view_of_wide_letters_leaves_the_finished_text_alone()
    {
        var screen = Run(32, "infill", "漢字 😀 and {3} 漢字漢字漢字漢字 {4} b", "--model", model).Out;
        var text = string.Concat(screen.Lines.TakeWhile(line => line.Length > 0));

        Assert.StartsWith("漢字 😀 and", text, StringComparison.Ordinal);
        Assert.DoesNotContain('·', string.Concat(screen.Lines));
        Assert.StartsWith("first step ████", screen.Lines[^1], StringComparison.Ordinal);
        Assert.Null(screen.ColourOf("漢字"));
        Assert.Matches("^38;2;", screen.ColourOf("████"));
    }

    [Fact]
    public void A_trace_has_its_bars_in_one_column_and_tokens_in_the_colours_of_their_steps()
    {
        var screen = Run(100, "infill", "Tom had {4} ball.", "--trace", "--model", model).Out;
        string[] rows = [.. screen.Lines.Where(line => Regex.IsMatch(line, "^ *\\d+ +\\d+ +[\\d.]+%"))];

        Assert.Equal(4, rows.Length);
        Assert.Single(rows.Select(row => Regex.Match(row, "[▏▎▍▌▋▊▉█]").Index).Distinct());
        Assert.Equal(4, rows.Select(row => screen.ColourOf(Regex.Match(row, "\".*\"").Value)).Distinct().Count());
    }

    [Fact]
    public void Without_colours_a_terminal_is_still_not_steered_by_a_text()
    {
        using var result = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Output(result, error, Ink.Plain, Ink.Plain, isTerminal: true, width: 100, height: 40, json: false);
        Assert.Equal(0, Program.run(terminal, CancellationToken.None, ["infill", "Tom\u001b[31m had {2} ball.", "--model", model]));
        var piped = CommandLine.Run("infill", "Tom\u001b[31m had {2} ball.", "--model", model).Out;

        Assert.DoesNotContain('\u001b', result.ToString());
        Assert.StartsWith("Tom\ufffd[31m had", result.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("Tom\u001b[31m had", piped, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_slower_than_a_token_a_second_says_so()
    {
        var progress = new TrainingProgress(
            Step: 1,
            Tokens: 1,
            TotalTokens: 100,
            Loss: 3,
            GradientNorm: 1,
            LearningRate: 0.1,
            TokensPerSecond: 0.4,
            Remaining: TimeSpan.FromSeconds(3725),
            Validation: new Dictionary<string, double>());

        Assert.Equal("step 1  1.0%  loss 3.000  0.4 tokens/s  1:02:05 left", TrainingDisplay.line(progress));
    }

    public void Dispose() => folder.Dispose();
}

using Xunit;

namespace A3.Cli.Tests;

/// <summary>What went wrong is said the same way everywhere: an exit code, one line on standard error, nothing on standard output.</summary>
public sealed class ExitCodeTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public ExitCodeTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2, "nonsense")]
    [InlineData(2, "infill", "a {x}")]
    [InlineData(2, "infill", "no gap")]
    [InlineData(2, "infill", "a ___", "--policy", "best")]
    [InlineData(2, "infill", "a {64}")]
    [InlineData(2, "infill", "a ___", "--samples", "0")]
    [InlineData(2, "generate", "--batch", "x", "--output", "x")]
    [InlineData(2, "score", "--file", "/dev/zero")]
    [InlineData(2, "score")]
    [InlineData(2, "show", "bisect | chunks x")]
    [InlineData(2, "plot")]
    [InlineData(2, "train", "--out", "x")]
    [InlineData(1, "infill", "--file", "absent")]
    [InlineData(1, "infill", "--batch", "absent")]
    [InlineData(1, "infill", "a ___", "--model", "absent")]
    [InlineData(1, "inspect", "absent")]
    [InlineData(1, "plot", "absent")]
    [InlineData(1, "conform", "absent")]
    [InlineData(1, "train", "absent", "--out", "/dev/null/run")]
    [InlineData(1, "show", "bisect", "--svg", "/dev/full")]
    public void Programs_and_people_get_the_same_code_and_the_same_line(int code, params string[] arguments)
    {
        string[] named = arguments.Contains("--model") || arguments[0] is "train" or "plot" or "conform" or "inspect" or "show" or "nonsense"
            ? arguments
            : [.. arguments, "--model", model];
        var plain = CommandLine.Run(named);
        var json = CommandLine.Run([.. named, "--json"]);

        Assert.Equal((code, ""), (plain.Code, plain.Out));
        Assert.Matches(@"^a3: [^\n\p{Cc}]+\n$", plain.Error);
        Assert.Equal(plain, json);
    }

    [Fact]
    public void A_stopped_command_gives_the_same_code_and_line_to_programs()
    {
        string[] command = ["infill", "Tom {3}", "--model", model];
        var plain = CommandLine.Run(Ink.Plain, new(canceled: true), command);

        Assert.Equal(new CommandLine(130, "", "a3: cancelled.\n"), plain);
        Assert.Equal(plain, CommandLine.Run(Ink.Plain, new(canceled: true), [.. command, "--json"]));
    }

    [Fact]
    public void An_array_of_samples_is_closed_where_one_of_them_fails()
    {
        using var stop = new CancellationTokenSource();
        using var result = new StoppingWriter(stop);
        var output = new Output(result, new StringWriter(), Ink.Plain, Ink.Plain, isTerminal: false, 100, 40, json: true);
        var code = Program.run(output, stop.Token, ["infill", "a {2}", "--samples", "1000", "--batch-size", "1", "--json", "--model", model]);

        Assert.Equal(130, code);
        Assert.Equal(2, System.Text.Json.JsonDocument.Parse(result.ToString()).RootElement.GetArrayLength());
    }

    [Fact]
    public void The_help_lists_the_codes()
    {
        var help = CommandLine.Run("--help").Out;

        Assert.All((int[])[0, 1, 2, 130, 141], code => Assert.Matches($@"(?m)^    {code} +\w", help));
    }

    [Fact]
    public void Names_that_others_chose_are_shown_escaped()
    {
        const string Name = "a\u001b[31m\u202eb\n";
        CommandLine[] refused =
        [
            CommandLine.Run("infill", "a ___", "--model", Name), CommandLine.Run("infill", "--file", Name),
            CommandLine.Run("infill", "--batch", Name), CommandLine.Run("inspect", Name), CommandLine.Run("plot", Name),
            CommandLine.Run(Name), CommandLine.Run("infill", $"--{Name}"), CommandLine.Run("infill", "x", "--file", Name),
        ];

        Assert.All(refused, given =>
        {
            Assert.Matches(@"^a3: [^\p{Cc}\u202e]+\n$", given.Error);
            Assert.Contains(@"\u001b[31m\u202eb", given.Error, StringComparison.Ordinal);
        });
    }

    /// <summary>Presses Ctrl-C while the second item is written.</summary>
    private sealed class StoppingWriter(CancellationTokenSource stop) : StringWriter
    {
        private int items;

        public override void Write(string? value)
        {
            base.Write(value);
            items += value is ['{', ..] or [',', ..] ? 1 : 0;

            if (items == 2)
            {
                stop.Cancel();
            }
        }
    }
}

using System.Text.RegularExpressions;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Every option that takes a number, found in the help of its command.</summary>
public sealed partial class NumberOptionTests
{
    private static readonly string[] NoNumbers = ["PATH", "FILE", "DIR", "TEXT", "NAME", "WEIGHTS", "SIZES"];

    /// <summary>What each command needs beside the option, so that nothing else is wrong.</summary>
    private static readonly Dictionary<string, string[]> Usable = new()
    {
        ["infill"] = ["a ___"],
        ["generate"] = ["a"],
        ["score"] = ["a"],
        ["show"] = ["paper"],
        ["train"] = ["absent.txt", "--out", "absent"],
        ["bench decode"] = [],
        ["bench train"] = [],
    };

    public static TheoryData<string, string> Options
    {
        get
        {
            var options = new TheoryData<string, string>();
            foreach (var command in Usable.Keys)
            {
                foreach (Match option in Option().Matches(Help(command)))
                {
                    if (!NoNumbers.Contains(option.Groups[2].Value) && option.Groups[1].Value != "--given")
                    {
                        options.Add(command, option.Groups[1].Value);
                    }
                }
            }

            return options;
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void A_text_that_is_no_number_is_refused_as_it_was_given(string command, string option)
    {
        string[] foreign = ["0,7", "1.000,5", "1_000", "+5", " 5", "5 ", "0x10", "1e999", "NaN", "Infinity", "\u22125", "\u0663", "\u06f3"];

        // Each option meets every fourth of them, and each of them every fourth option.
        foreach (var text in foreign.Where((_, index) => index % 4 == option.Length % 4))
        {
            var given = Run(command, option, text);
            Assert.Equal(2, given.Code);
            Assert.StartsWith($"a3: {option} {text}: expected a ", given.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void The_help_and_the_error_say_the_same_range(string command, string option)
    {
        var error = Run(command, option, "x").Error;
        var range = Regex.Match(error, @"expected a (whole number in|number such as 0\.5,) ([^;]*?)[;.]\s").Groups[2].Value;

        Assert.NotEqual("", range);
        Assert.Matches($@"{option} <\w+> [^<]*{Regex.Escape(range)}", Help(command).Replace("-n <", "--length <", StringComparison.Ordinal));
    }

    [Fact]
    public void Numbers_beyond_their_range_are_refused()
    {
        foreach (var row in Options)
        {
            var (command, option) = (row.Data.Item1, row.Data.Item2);
            var text = option == "--seed" ? "9223372036854775808" : "-1";

            Assert.StartsWith($"a3: {option} {text}: expected ", Run(command, option, text).Error, StringComparison.Ordinal);
        }
    }

    /// <summary>A row of a batch has the same numbers by the same rules.</summary>
    [Theory]
    [InlineData("temperature", "-1")]
    [InlineData("temperature", "1e7")]
    [InlineData("top-k", "0")]
    [InlineData("top-k", "1.5")]
    [InlineData("top-p", "0")]
    [InlineData("top-p", "1e-400")]
    [InlineData("length", "1000001")]
    [InlineData("speculative", "1")]
    [InlineData("revise", "0")]
    [InlineData("seed", "9223372036854775808")]
    public void A_field_of_a_batch_is_refused_as_the_option_is(string field, string value)
    {
        using var folder = new Folder();
        var rows = folder.File("rows.jsonl");
        File.WriteAllText(rows, $"{{\"template\": \"a ___\", \"{field}\": {value}}}\n");
        var option = Run("infill", "--" + field, value).Error.Trim()["a3: --".Length..];
        var row = CommandLine.Run("infill", "--batch", rows, "--model", TinyCheckpoint.In(folder));

        Assert.Equal(1, row.Code);
        Assert.Contains(option, row.Error, StringComparison.Ordinal);
    }

    private static CommandLine Run(string command, string option, string text) =>
        CommandLine.Run([.. command.Split(' '), .. Usable[command], option, text]);

    private static string Help(string command) =>
        Blanks().Replace(CommandLine.Run([.. command.Split(' '), "--help"]).Out, " ");

    [GeneratedRegex(@"(?<=\s)(--[a-z-]+)(?:, -n)? <([A-Z]+)> (?=\w)")]
    private static partial Regex Option();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

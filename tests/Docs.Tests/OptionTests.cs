using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>Documents against the help of the program.</summary>
public sealed partial class OptionTests
{
    private static readonly Dictionary<string, HashSet<string>> Options = new[]
        {
            "infill", "generate", "score", "show", "inspect", "train", "plot", "conform", "bench decode", "bench train",
        }
        .ToDictionary(command => command, command => Named(ShownCommand.Parse($"a3 {command} --help").Run().Printed));

    [Fact(DisplayName = "docs/cli.md names every option of every command")]
    public void AreNamed()
    {
        var named = Named(Repository.Read("docs/cli.md"));

        Faults.None(Options.SelectMany(command => command.Value).Distinct().Where(option => !named.Contains(option)));
    }

    [Fact(DisplayName = "docs/cli.md names no option that there is not")]
    public void AreThere() => Faults.None(
        Named(Repository.Read("docs/cli.md")).Except(Options.SelectMany(command => command.Value)).Except(["--version"]));

    [Fact(DisplayName = "Every command line of a document has a command and options that there are")]
    public void CommandLines() => Faults.None(
        from block in Document.BlocksOf("bash", "console", "")
        from line in block.Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        from Match match in CommandLine().Matches(line)
        let words = ShownCommand.Words(match.Value)
        let command = words[1] == "bench" ? $"bench {words[2]}" : words[1]
        where words[1] is not ("--help" or "--version")
            && (!Options.TryGetValue(command, out var known) || words.Any(word => OptionWord().IsMatch(word) && !known.Contains(word)))
        select $"{block}: {match.Value}");

    private static HashSet<string> Named(string text) => [.. Option().Matches(text).Select(option => option.Value)];

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*[a-z]")]
    private static partial Regex Option();

    [GeneratedRegex(@"^--[a-z]")]
    private static partial Regex OptionWord();

    /// <summary>A command line, up to a pipe or a redirection.</summary>
    [GeneratedRegex(@"(?<![\w/""-])a3 (?:""[^""]*""|'[^']*'|[^|>""'])*")]
    private static partial Regex CommandLine();
}

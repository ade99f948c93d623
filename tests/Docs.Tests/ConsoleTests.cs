using Xunit;

namespace A3.Docs.Tests;

public sealed class ConsoleTests
{
    public static TheoryData<string, string, string> Commands =>
        [.. Document.BlocksOf("console").SelectMany(Split).Select(part => (part.Place, part.Command, part.Shown))];

    [Theory(DisplayName = "A command prints what the document shows")]
    [MemberData(nameof(Commands))]
    public void Prints(string place, string command, string shown)
    {
        var (code, printed) = ShownCommand.Parse(command).Run();

        Assert.True(code == 0, $"{place}: exit code {code}. {printed}");
        var difference = ShownOutput.Difference(shown, printed);
        Assert.True(difference is null, $"{place}: {command}: {difference}");
    }

    [Fact(DisplayName = "Documents show commands of every kind")]
    public void CommandsAreShown()
    {
        var shown = Document.BlocksOf("console").SelectMany(Split).Select(part => ShownCommand.Parse(part.Command).Arguments[0]).Distinct();

        Assert.Superset(new HashSet<string>(["infill", "generate", "score", "show", "inspect"]), shown.ToHashSet());
    }

    [Theory(DisplayName = "Shown output allows masked words and the last decimal, and nothing else")]
    [InlineData("log p -1.25, … tokens/s", "log p -1.26, 3 tokens/s  ", true)]
    [InlineData("log p -1.25, … tokens/s", "log p -1.27, 3 tokens/s", false)]
    [InlineData("log p -1.25, … tokens/s", "log p -1.25, 3 token/s", false)]
    [InlineData("one\ntwo", "one", false)]
    [InlineData("one", "one\ntwo", false)]
    [InlineData("7 tokens", "8 tokens", false)]
    public void Compares(string shown, string printed, bool areAlike) => Assert.Equal(areAlike, ShownOutput.Difference(shown, printed) is null);

    private static IEnumerable<(string Place, string Command, string Shown)> Split(Block block)
    {
        var starts = Enumerable.Range(0, block.Lines.Length).Where(line => block.Lines[line].StartsWith("$ ", StringComparison.Ordinal)).ToArray();
        Assert.True(starts is [0, ..], $"{block}: a console block begins with a command, such as $ a3 infill.");
        return starts.Select((start, index) => (
            $"{block.Document}:{block.Line + start}",
            block.Lines[start][2..],
            string.Join('\n', block.Lines[(start + 1)..(index + 1 < starts.Length ? starts[index + 1] : block.Lines.Length)])));
    }
}

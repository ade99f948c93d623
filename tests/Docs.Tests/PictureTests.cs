using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>Pictures of docs against the commands that draw them.</summary>
public sealed partial class PictureTests
{
    private static readonly Dictionary<string, string> Commands = Document.BlocksOf("bash", "")
        .SelectMany(block => block.Lines)
        .Select(line => Drawing().Match(line))
        .Where(match => match.Success)
        .DistinctBy(match => match.Groups["file"].Value)
        .ToDictionary(match => match.Groups["file"].Value, match => match.Value);

    public static TheoryData<string> Pictures => [.. Repository.Paths("docs/pictures", "*.svg")];

    [Theory(DisplayName = "A picture is what the command that its document shows draws")]
    [MemberData(nameof(Pictures))]
    public void AreDrawn(string picture)
    {
        Assert.True(Commands.TryGetValue(picture, out var command), $"no document shows the command that draws {picture}.");
        var drawn = Path.GetTempFileName();
        try
        {
            var (code, printed) = ShownCommand.Parse(command.Replace(picture, drawn, StringComparison.Ordinal)).Run();

            Assert.True(code == 0, printed);
            Assert.Equal(Repository.Read(picture), File.ReadAllText(drawn).ReplaceLineEndings("\n"));
        }
        finally
        {
            File.Delete(drawn);
        }
    }

    [GeneratedRegex(@"^a3 show .* --svg (?<file>docs/pictures/\S+)$")]
    private static partial Regex Drawing();
}

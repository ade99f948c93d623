using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

public sealed partial class ReadmeTests
{
    private const int FewestLines = 60, MostLines = 90, MostBytes = 10_000;

    private static readonly string Readme = Repository.Read("README.md");

    [Fact(DisplayName = "The README has 60 to 90 lines and under 10 kB")]
    public void IsShort()
    {
        Assert.InRange(Readme.TrimEnd('\n').Split('\n').Length, FewestLines, MostLines);
        Assert.InRange(Encoding.UTF8.GetByteCount(Readme), 1, MostBytes - 1);
    }

    [Fact(DisplayName = "A figure of the README stands in docs, with its unit")]
    public void FiguresStandInDocs()
    {
        var docs = string.Join('\n', Repository.Paths("docs", "*.md").Select(Repository.Read));
        var figures = new Document("README.md").Prose.SelectMany(line => Figure().Matches(line.Text).Select(figure => figure.Value)).ToArray();

        Assert.True(figures.Length >= 3, "the README has fewer than three figures.");
        Faults.None(figures.Where(figure => !Regex.IsMatch(docs, $@"(?<![\d.,]){Regex.Escape(figure)}\b")));
    }

    [GeneratedRegex(@"(?<![\d.,])\d[\d.,]*(?: million)? (?:tokens/s|kB|MB|GB/s|GB|s|ms|seconds|minutes|hours|%|nats|bits per byte|bits/byte|parameters|tokens|times)\b")]
    private static partial Regex Figure();
}

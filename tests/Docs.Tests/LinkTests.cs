using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

public sealed partial class LinkTests
{
    [Fact(DisplayName = "Every link leads to a file, and to a heading in it")]
    public void Lead() => Faults.None(
        from document in Document.All
        from line in document.Prose
        from Match link in Link().Matches(line.Text)
        let target = link.Groups["target"].Value
        where !target.Contains("://", StringComparison.Ordinal) && !Exists(document.Path, target)
        select $"{document.Path}:{line.Line}: {target}");

    [Fact(DisplayName = "Every path of the repository that a document names is there")]
    public void PathsAreThere() => Faults.None(
        from document in Document.All
        where document.Path != "CHANGELOG.md"
        from line in document.Prose
        from Match path in NamedPath().Matches(line.Text)
        let target = path.Groups[1].Value
        where !target.Contains("/bin/", StringComparison.Ordinal) && !Path.Exists(Path.Combine(Repository.Root, target))
        select $"{document.Path}:{line.Line}: {target}");

    [Fact(DisplayName = "Every document of docs is reached from the table of the README")]
    public void AreReached()
    {
        var readme = Repository.Read("README.md");

        Faults.None(Repository.Paths("docs", "*.md").Where(path =>
            path.Count(letter => letter == '/') == 1 && !readme.Contains($"]({path})", StringComparison.Ordinal)));
    }

    [Fact(DisplayName = "Every decision is in the list of decisions")]
    public void AreListed()
    {
        var list = Repository.Read("docs/decisions/README.md");

        Faults.None(Repository.Paths("docs/decisions", "0*.md").Where(path => !list.Contains($"({Path.GetFileName(path)})", StringComparison.Ordinal)));
    }

    private static bool Exists(string document, string target)
    {
        var parts = target.Split('#');
        var path = parts[0].Length == 0 ? document : Path.GetRelativePath(".", Path.Combine(Path.GetDirectoryName(document)!, parts[0])).Replace('\\', '/');
        return Path.Exists(Path.Combine(Repository.Root, path))
            && (parts.Length == 1 || Headings(path).Contains(parts[1]));
    }

    /// <summary>Headings as GitHub makes anchors of them.</summary>
    private static IEnumerable<string> Headings(string path) =>
        new Document(path).Prose.Where(line => line.Text.StartsWith('#'))
            .Select(line => NoAnchor().Replace(line.Text.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:Model\.FSharp|Runtime\.CSharp|experiments|tests|docs|benchmarks)/[\w./-]*\w)/?`")]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}

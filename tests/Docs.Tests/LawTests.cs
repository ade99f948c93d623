using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>docs/laws.md against the laws of the design, the tests, and the places that cite laws.</summary>
public sealed partial class LawTests
{
    /// <summary>The laws of the design, by number.</summary>
    private static readonly int[] Design = [.. Enumerable.Range(1, 16)];

    private static readonly (int Number, string Sentence, string[] Tests)[] Rows =
    [
        .. Row().Matches(Repository.Read("docs/laws.md")).Select(row => (
            int.Parse(row.Groups["number"].Value, CultureInfo.InvariantCulture),
            row.Groups["sentence"].Value.Trim(),
            Code().Matches(row.Groups["tests"].Value).Select(test => test.Groups[1].Value).ToArray())),
    ];

    private static readonly HashSet<string> Tests = [.. Sources().SelectMany(source => TestName().Matches(source).Select(Name))];

    public static TheoryData<int> Numbers => [.. Design];

    [Fact(DisplayName = "The laws of the design have a row each")]
    public void HaveRows() => Assert.Equal(Design, Rows.Select(row => row.Number));

    [Theory(DisplayName = "A law has a sentence and tests that begin with its number")]
    [MemberData(nameof(Numbers))]
    public void HaveTests(int law)
    {
        var row = Rows.Single(row => row.Number == law);

        Assert.NotEmpty(row.Sentence);
        Assert.NotEmpty(row.Tests);
        Assert.All(row.Tests, test => Assert.Matches($@"^(Law[ _])?{law}[.:_ ]", test));
    }

    [Fact(DisplayName = "The tests that the table names are there")]
    public void AreThere() => Faults.None(Rows.SelectMany(row => row.Tests).Where(test => !Tests.Any(name => IsCalled(name, test))));

    [Fact(DisplayName = "Every law that code or a test cites has a row")]
    public void AreCited()
    {
        var cited = Repository.Paths("Model.FSharp", "*.fs").Concat(Repository.Paths("Runtime.CSharp", "*.cs"))
            .Concat(Repository.Paths("tests", "*.fs")).Concat(Repository.Paths("tests", "*.cs"))
            .SelectMany(path => Citation().Matches(Repository.Read(path)).SelectMany(laws => Whole().Matches(laws.Value))
                .Select(law => (Path: path, Number: int.Parse(law.Value, CultureInfo.InvariantCulture))))
            .ToArray();

        Assert.NotEmpty(cited);
        Faults.None(cited.Where(law => !Rows.Any(row => row.Number == law.Number)));
    }

    /// <summary>The name itself; of one that a test continues, such as by the network that it runs on, the beginning.</summary>
    private static bool IsCalled(string name, string test) => name == test || name.StartsWith($"{test}: {{", StringComparison.Ordinal);

    private static string Name(Match match) => match.Groups["text"].Success ? match.Groups["text"].Value.Replace("\\\"", "\"") : match.Groups["method"].Value;

    private static IEnumerable<string> Sources() =>
        Repository.Paths("tests", "*.fs").Concat(Repository.Paths("tests", "*.cs")).Select(Repository.Read);

    [GeneratedRegex(@"^\| (?<number>\d+) \|(?<sentence>[^|]*)\|(?<tests>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Code();

    /// <summary>A test of Expecto or FsCheck, a displayed name of xunit, or one of its methods.</summary>
    [GeneratedRegex(
        @"(?:\b(?:test|property|testCase|testProperty)\w*\s+|\[(?:Fact|Theory)\(DisplayName = )\$?""(?<text>(?:[^""\\]|\\.)*)"""
        + @"|\[(?:Fact|Theory)\][^{;]*?public (?:static )?(?:async )?\w+ (?<method>\w+)\(")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\b[Ll]aws? \d+(?:(?:, | and )\d+)*\b")]
    private static partial Regex Citation();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Whole();
}

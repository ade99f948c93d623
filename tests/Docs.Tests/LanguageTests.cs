using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>The words of documents, against the glossary of docs/concepts.md and the rule that documents say what is.</summary>
public sealed partial class LanguageTests
{
    [Fact(DisplayName = "Documents use the words of the glossary")]
    public void Glossary() => Faults.None(Lines(PrivateWord()));

    [Fact(DisplayName = "Documents say what is, not how it came to be")]
    public void Present() => Faults.None(Lines(History()));

    private static IEnumerable<string> Lines(Regex words) =>
        from document in Document.All
        where document.Path != "CHANGELOG.md"
        from line in document.Prose
        from Match match in words.Matches(Code().Replace(line.Text, ""))
        select $"{document.Path}:{line.Line}: {match.Value}";

    /// <summary>Names of files and options are what they are.</summary>
    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();

    /// <summary>Words for which the glossary has another.</summary>
    [GeneratedRegex(
        @"\b(?:surprisals?|forth and back|the way back|walk(?:s|ed)? back|descents?|descends?|normaliser|canvas|prospects|heaviest|"
        + @"settled?|settlement|open text|team|loans?|misuse of the command|redraws?|who sees what|mixed values|regions?|stretch(?:es)?)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex PrivateWord();

    [GeneratedRegex(@"\b(?:no longer|used to|the build before|earlier build|previously|formerly|as of now|has been (?:renamed|moved|removed))\b", RegexOptions.IgnoreCase)]
    private static partial Regex History();
}

using Xunit;

namespace A3.Docs.Tests;

public sealed class TextFormTests
{
    /// <summary>By the language of a block: what reads a line, and prints it again.</summary>
    private static readonly Dictionary<string, Func<string, string>> Readers = new()
    {
        ["order"] = text => $"{Order.Parse(text)}",
        ["grouping"] = text => $"{Grouping.Parse(text)}",
        ["policy"] = text => $"{Policy.Parse(text)}",
        ["curriculum"] = text => $"{Curriculum.Parse(text)}",
        ["partition"] = text => $"{Partition.Parse(text)}",
        ["mask"] = text => $"{Mask.Parse(text)}",
        ["template"] = text => $"{Template.Parse(text)}",
        ["marked"] = text => $"{MarkedText.Parse(text)}",
    };

    public static TheoryData<string> Languages => [.. Readers.Keys];

    [Theory(DisplayName = "Every example of a text form parses, and what it prints parses to the same")]
    [MemberData(nameof(Languages))]
    public void Parse(string language)
    {
        var examples = Document.BlocksOf(language).SelectMany(block => block.Lines).ToArray();

        Assert.NotEmpty(examples);
        foreach (var example in examples)
        {
            var printed = Readers[language](example);
            Assert.Equal(printed, Readers[language](printed));
        }
    }
}

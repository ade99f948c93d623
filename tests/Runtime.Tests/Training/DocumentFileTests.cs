using Xunit;

namespace A3.Runtime.Tests.Training;

public sealed class DocumentFileTests
{
    [Fact]
    public void EachLineOfAJsonLinesFileIsADocument()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.jsonl"), "{\"text\": \" one\\ntwo \", \"id\": 1}\n\n{\"text\": \"drei ü\"}\r\n");
        Assert.Equal(["one\ntwo", "drei ü"], DocumentFile.Texts(folder.File("a.jsonl")));
    }

    [Fact]
    public void TheFieldMayBeNamed()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.jsonl"), "{\"text\": \"no\", \"body\": \"yes\"}");
        Assert.Equal(["yes"], DocumentFile.Texts(folder.File("a.jsonl"), "body"));
    }

    [Theory]
    [InlineData("{\"text\": ", "not JSON")]
    [InlineData("[1]", "Array in place of a JSON object with a field \"text\"")]
    [InlineData("{\"body\": \"x\"}", "no field \"text\"; --field names the one")]
    [InlineData("{\"text\": 3}", "field \"text\" is Number, not a string")]
    [InlineData("{\"text\": \" \"}", "field \"text\" is blank")]
    [InlineData("{\"text\": \"\\ud800\"}", "not JSON")]
    public void ABrokenLineNamesItsFileAndLineAndIsFatalOrLeftOut(string line, string fault)
    {
        using var folder = new Folder();
        var path = folder.File("a.jsonl");
        File.WriteAllText(path, $"{{\"text\": \"one\"}}\n{line}\n{{\"text\": \"two\"}}\n");
        var error = Assert.Throws<A3Exception>(() => DocumentFile.Texts(path).ToArray());
        Assert.StartsWith($"{path}, line 2: {fault}", error.Message);
        Assert.Contains("--broken-lines skip", error.Message);
        Assert.Equal(["one", "two"], DocumentFile.Texts(path, broken: BrokenLines.Skip));
    }

    [Fact]
    public void ALineThatIsNotUtf8IsLeftOutAloneAndNamed()
    {
        using var folder = new Folder();
        var path = folder.File("a.txt");
        File.WriteAllBytes(path, [.. "one\n"u8, 0x41, 0xFF, .. "\ntwo\n<|endoftext|>\nthree"u8]);
        var remarks = new List<string>();
        var log = new BrokenLineLog(BrokenLines.Skip, new Remarks(remarks));
        using var stream = DocumentFile.Open(path);
        var documents = DocumentFile.Read(stream, path, "text", log, TestContext.Current.CancellationToken).ToArray();
        Assert.Equal([new SourceText(1, "one\ntwo"), new SourceText(5, "three")], documents);
        Assert.Equal(1, log.Count);
        Assert.Equal([$"{path}, line 2: not UTF-8 text from its byte 1 on. Left out."], remarks);
    }

    [Fact]
    public void AByteOrderMarkIsNoText()
    {
        using var folder = new Folder();
        File.WriteAllBytes(folder.File("a.txt"), [0xEF, 0xBB, 0xBF, 0x41]);
        Assert.Equal(["A"], DocumentFile.Texts(folder.File("a.txt")));
    }

    [Fact]
    public void WhatIsLeftOfALineThatIsTooLongIsPassedOver()
    {
        using var stream = new MemoryStream([.. "one\n"u8, .. new byte[200_000], .. "\ntwo"u8]);
        var lines = TextLines.Of(stream, "a.txt", TestContext.Current.CancellationToken, longest: 1000).ToArray();
        Assert.Equal([1, 2, 3], lines.Select(line => line.Number));
        Assert.Equal(["one", "", "two"], lines.Select(line => line.Text));
        Assert.Equal([null, "longer than 1000 bytes; break it into lines.", null], lines.Select(line => line.Fault));
    }

    [Fact]
    public void LinesAreTheSameWhereverTheBufferEnds()
    {
        using var folder = new Folder();
        string[] lines = [.. Enumerable.Range(0, 400).Select(i => new string((char)('a' + (i % 26)), i * 7 % 1500) + "ü")];
        File.WriteAllText(folder.File("a.txt"), string.Join('\n', lines));
        using var stream = DocumentFile.Open(folder.File("a.txt"));
        Assert.Equal(
            lines.Select((line, index) => new TextLine(index + 1, line, null)), TextLines.Of(stream, "a.txt", TestContext.Current.CancellationToken));
    }

    internal sealed class Remarks(List<string> remarks) : IProgress<Preparation>
    {
        public void Report(Preparation value)
        {
            if (value.Share is null)
            {
                remarks.Add(value.Text);
            }
        }
    }
}

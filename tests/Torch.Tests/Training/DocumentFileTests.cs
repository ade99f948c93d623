using System.Text;
using Xunit;

namespace A3.Torch.Tests.Training;

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
    [InlineData("{\"text\": \"a\", \"text\": \"b\"}", "2 fields \"text\"; one is expected")]
    [InlineData("{\"text\": \"\\ud800\"}", "field \"text\" has half a surrogate pair (\\ud800) behind 0 characters")]
    [InlineData("{\"text\": \"a\\n\\u0041😀\\ud83d\\ude00\\uDE00b\"}", "field \"text\" has half a surrogate pair (\\uDE00) behind 7 characters")]
    [InlineData("{\"text\": \"ab\\ud83dc\\ude00\"}", "field \"text\" has half a surrogate pair (\\ud83d) behind 2 characters")]
    [InlineData("{\"text\": \"ab\\ud83d\\ud83d\\ude00\"}", "field \"text\" has half a surrogate pair (\\ud83d) behind 2 characters")]
    [InlineData("{\"\\ud800\": 1}", "no field \"text\"")]
    public void ABrokenLineNamesItsFileAndLineAndIsFatalOrLeftOut(string line, string fault)
    {
        using var folder = new Folder();
        var path = folder.File("a.jsonl");
        File.WriteAllText(path, $"{{\"text\": \"one\"}}\n{line}\n{{\"text\": \"two\"}}\n");
        var error = Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts(path).ToArray());
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
        var log = new ReadingLog(BrokenLines.Skip, new Remarks(remarks));
        using var stream = DocumentFile.Open(path);
        var documents = DocumentFile.Read(stream, path, "text", log, TestContext.Current.CancellationToken).ToArray();
        Assert.Equal([new SourceText(1, "one\ntwo"), new SourceText(5, "three")], documents);
        Assert.Equal(1, log.LeftOut);
        Assert.Equal([$"{path}, line 2: not UTF-8 text at byte offset 5 (0xFF). Left out."], remarks);
    }

    [Fact]
    public void WhereTextIsNotUtf8IsSaidToTheByte()
    {
        var random = new Random(16);
        byte[][] bad = [[0xFF], [0xC0, 0xAF], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xF5, 0x80], [0x80]];
        for (var trial = 0; trial < 200; trial++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => new[] { "a", "\n", "\r\n", "é", "€", "😀", " " }[random.Next(7)]));
            byte[] valid = [.. random.Next(3) == 0 ? Encoding.UTF8.Preamble : [], .. Encoding.UTF8.GetBytes(text)];
            using var stream = new MemoryStream([.. valid, .. bad[random.Next(bad.Length)], .. "\nmore"u8]);
            var line = TextLines.Of(stream, "a.txt", TestContext.Current.CancellationToken).First(line => line.Fault is not null);
            Assert.Equal(text.Count(letter => letter == '\n') + 1, line.Number);
            Assert.StartsWith($"not UTF-8 text at byte offset {valid.Length} (0x", line.Fault);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x41, 0 }, "It begins as UTF-16 does; save it as UTF-8.")]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, "It begins as compressed files do; unpack it.")]
    public void BytesThatOtherFilesBeginWithAreKnown(byte[] bytes, string hint)
    {
        using var stream = new MemoryStream(bytes);
        Assert.EndsWith(hint, TextLines.Of(stream, "a.txt", TestContext.Current.CancellationToken).First().Fault);
    }

    [Theory]
    [InlineData("a.ndjson")]
    [InlineData("a.json")]
    [InlineData("a.JSONL")]
    [InlineData("a.jsonl.txt")]
    [InlineData("a.json.txt")]
    [InlineData("a.jsonlines")]
    public void JsonLinesHaveManyNames(string name)
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File(name), "\uFEFF\n \n{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
        Assert.Equal(["one", "two"], DocumentFile.Texts(folder.File(name)));
    }

    [Theory]
    [InlineData("[\n{\"text\": \"one\"}\n]", "line 1: a JSON array; write its objects one a line")]
    [InlineData("\n{\n  \"text\": \"one\"\n}", "line 2: a JSON object that does not end on its line; write one object a line")]
    [InlineData("\"text\"", "line 1: not a JSON object; a .json file of documents has one object a line")]
    [InlineData("Once upon a time", "line 1: not a JSON object")]
    public void AnyOtherJsonIsRefusedWithTheReasonAndNeverText(string content, string reason)
    {
        using var folder = new Folder();
        var path = folder.File("a.json");
        File.WriteAllText(path, content);
        Assert.All(
            [BrokenLines.Fail, BrokenLines.Skip],
            rule => Assert.StartsWith($"{path}, {reason}", Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts(path, broken: rule).ToArray()).Message));
    }

    [Theory]
    [InlineData("a.ndjson")]
    [InlineData("a.jsonl.txt")]
    public void JsonLinesByNameAreNeverText(string name)
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File(name), "Once upon a time\n{\"text\": \"one\"}\n");
        Assert.Contains("line 1: not JSON", Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts(folder.File(name)).ToArray()).Message);
        Assert.Equal(["one"], DocumentFile.Texts(folder.File(name), broken: BrokenLines.Skip));
    }

    [Fact]
    public void JsonInAFileOfTextIsTextAndRemarkedOn()
    {
        var (documents, remarks) = Read("\n{\"text\": \"one\"}\n{\"text\": \"two\"}");
        Assert.Equal("{\"text\": \"one\"}\n{\"text\": \"two\"}", Assert.Single(documents));
        Assert.Equal("a.txt, line 2: a JSON object, read as text; a file of JSON lines is named .jsonl.", Assert.Single(remarks));
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\r")]
    [InlineData(" \t\r")]
    public void ASeparatorMayHaveWhiteSpaceBesideIt(string space)
    {
        var (documents, remarks) = Read($"one\n<|endoftext|>{space}\ntwo\n{space}<|endoftext|>\nthree");
        Assert.Equal(["one", "two", "three"], documents);
        Assert.Empty(remarks);
    }

    [Theory]
    [InlineData("a.txt", "one <|endoftext|> two\nthree<|endoftext|>\n<|endoftext|>\n<|endoftext|> four", "one <|endoftext|> two\nthree<|endoftext|>", "<|endoftext|> four")]
    [InlineData("a.jsonl", "{\"text\": \"one\\n<|endoftext|>\\ntwo\"}\n{\"text\": \"<|endoftext|>\"}", "one\n<|endoftext|>\ntwo", "<|endoftext|>")]
    public void ASeparatorBesideOtherTextIsTextAndWarnedOfOnce(string name, string content, params string[] expected)
    {
        var (documents, remarks) = Read(content, name);
        Assert.Equal(expected, documents);
        Assert.StartsWith($"{name}, line 1: <|endoftext|> beside other text is text; what separates documents", Assert.Single(remarks));
    }

    [Fact]
    public void BytesOfOthersReachNoTerminal()
    {
        var (_, remarks) = Read("{\"text\": \"one\"}\nn\u001b[31mPWNED\u001b[0m\n" + new string('{', 5000), "a\u001b[2J.jsonl");
        Assert.Equal(2, remarks.Count);
        Assert.All(remarks, remark => Assert.True(remark.Length < 500 && !remark.Any(char.IsControl), remark));
        Assert.Contains("\\u001b[31mPWNED", remarks[0]);
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

    /// <summary>The texts of a file with this content, broken lines left out, and what is remarked.</summary>
    private static (string[] Documents, List<string> Remarks) Read(string content, string name = "a.txt")
    {
        var remarks = new List<string>();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        var log = new ReadingLog(BrokenLines.Skip, new Remarks(remarks));
        var documents = DocumentFile.Read(stream, name, "text", log, TestContext.Current.CancellationToken).Select(document => document.Text).ToArray();
        return (documents, remarks);
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

using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class CorpusTests
{
    [Fact]
    public void DocumentsEndAtSeparatorLinesAndBlankOnesAreSkipped()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.txt"), "one\ntwo\n<|endoftext|>\n\n<|endoftext|>\n three \n");
        Assert.Equal(["one\ntwo", "three"], DocumentFile.Texts(folder.File("a.txt")));
    }

    [Fact]
    public void WordsAndSentencesStartWhereTheTextSays()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.txt"), "Tom ran. \"Stop!\" said Sue. He stopped.");
        var tokenizer = BpeTrainer.Train(["x"], BpeTrainer.SmallestVocabulary, cancellation: TestContext.Current.CancellationToken);
        var document = DocumentOf(folder, tokenizer);
        string From(int start) => tokenizer.DecodeContinuation(document.Tokens.AsSpan(start));
        Assert.Equal(["Tom ran.", " \"Stop!\"", " said Sue.", " He stopped."], document.SentenceStarts.Select(From).Select((text, i) => text[..new[] { 8, 8, 10, 12 }[i]]));
        Assert.Equal(7, document.WordStarts.Length);
    }

    [Fact]
    public void BytesThatAreNotUtf8AreAnErrorThatNamesTheFile()
    {
        using var folder = new Folder();
        File.WriteAllBytes(folder.File("a.txt"), [0x41, 0xFF, 0xFE, 0x42]);
        var error = Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts(folder.File("a.txt")).ToArray());
        Assert.Contains("a.txt, line 1: not UTF-8 text at byte offset 1 (0xFF). Correct it", error.Message);
    }

    [Fact]
    public void AMissingFileIsAnErrorThatNamesIt()
    {
        var error = Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts("no-such-file.txt").ToArray());
        Assert.Contains("no-such-file.txt: cannot be read", error.Message);
    }

    [Fact]
    public void WhatIsNoFileOfTextIsRefusedBeforeItIsOpened()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such files on this system.");
        using var folder = new Folder();
        System.Diagnostics.Process.Start("mkfifo", folder.File("pipe"))!.WaitForExit();
        File.WriteAllText(folder.File("empty.txt"), "");
        File.CreateSymbolicLink(folder.File("link.txt"), "/dev/zero");
        string Refused(string path) => Assert.ThrowsAny<A3Exception>(() => DocumentFile.Texts(path).ToArray()).Message;
        Assert.All(
            [folder.File("pipe"), folder.File("empty.txt"), folder.File("link.txt"), "/dev/zero"],
            path => Assert.StartsWith($"{path}: holds nothing; a file of text is expected, not a pipe or a device", Refused(path)));
        Assert.Equal($"{folder.Path}: a folder; name the files in it.", Refused(folder.Path));
    }

    [Fact]
    public void LinesMayEndInEitherWay()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.txt"), "one\r\n<|endoftext|>\r\ntwo\nthree");
        Assert.Equal(["one", "two\nthree"], DocumentFile.Texts(folder.File("a.txt")));
    }

    [Fact]
    public void ASpecialTokenSpeltInADocumentIsText()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("a.txt"), "</s>");
        var tokenizer = BpeTrainer.Train(["x"], BpeTrainer.SmallestVocabulary, cancellation: TestContext.Current.CancellationToken);
        var document = DocumentOf(folder, tokenizer);
        Assert.Equal("</s>", tokenizer.Decode(document.Tokens));
        Assert.Equal(["</s>"], document.Tokens.Where(tokenizer.IsSpecial).Select(tokenizer.TokenText));
        Assert.Equal(2, document.Tokens[^1]);
    }

    private static Document DocumentOf(Folder folder, ITokenizer tokenizer)
    {
        using var corpus = Corpus.Open(
            new DataSource([folder.File("a.txt")], "text", BrokenLines.Fail),
            folder.File("cache"),
            tokenizer,
            "tokenizer",
            cancellation: TestContext.Current.CancellationToken);
        return Assert.Single(corpus.Documents);
    }
}

using Xunit;

namespace A3.Runtime.Tests.Training;

public sealed class TokenCacheTests : IDisposable
{
    private static readonly ITokenizer Tokenizer = BpeTrainer.Train(["Tom ran. He fell."], 270, cancellation: CancellationToken.None);

    private readonly Folder folder = new();
    private readonly List<string> remarks = [];

    private string Data => folder.File("stories.txt");

    private string Cache => folder.File("cache");

    [Fact]
    public void DocumentsOfACacheAreThoseOfItsFilesInOrder()
    {
        File.WriteAllText(Data, "Tom ran. He fell.\n<|endoftext|>\nTom\nran.");
        File.WriteAllText(folder.File("b.jsonl"), "{\"text\": \"He ran.\"}");
        using var corpus = Open([Data, folder.File("b.jsonl")]);
        Assert.Equal(
            ["Tom ran. He fell.", "Tom\nran.", "He ran."], corpus.Documents.Select(document => Tokenizer.Decode(document.Tokens)));
        Assert.All(corpus.Documents, document => Assert.Equal(Tokenizer.EosId, document.Tokens[^1]));
        Assert.Equal(
            [$"{Data}, line 1", $"{Data}, line 3", $"{folder.File("b.jsonl")}, line 1"], Enumerable.Range(0, 3).Select(corpus.Place));
    }

    [Fact]
    public void ACacheIsMadeOnceAndUsedAgain()
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        var tokens = Assert.Single(Directory.GetFiles(Cache, "*.tokens"));
        var bytes = File.ReadAllBytes(tokens);
        bytes[0] ^= 1;
        File.WriteAllBytes(tokens, bytes);
        using var again = Open([Data]);
        Assert.NotEqual("Tom ran.", Tokenizer.Decode(again.Documents[0].Tokens));
        Assert.Empty(remarks);
        Assert.Equal(3, Directory.GetFiles(Cache).Length);
    }

    [Fact]
    public void ATouchedFileIsReadThroughOnceAndNotTokenizedAnew()
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        File.SetLastWriteTimeUtc(Data, DateTime.UtcNow.AddDays(-1));
        using var again = Open([Data]);
        Assert.Empty(remarks);
        Assert.Contains($"{File.GetLastWriteTimeUtc(Data).Ticks}", File.ReadAllText(Directory.GetFiles(Cache, "*.json")[0]));
    }

    [Theory]
    [InlineData("changed", "stories.txt has changed since")]
    [InlineData("field", "it holds the field \"text\", and \"body\" is wanted")]
    [InlineData("rule", "it was made with broken lines = Fail, and Skip is wanted")]
    [InlineData("cut", "has not the length its header says")]
    [InlineData("header", "its header cannot be read")]
    [InlineData("version", "it has format 7, and this program writes 2")]
    public void AStaleCacheIsMadeAnewForAReasonThatIsSaid(string what, string reason)
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        var (tokens, header) = (Directory.GetFiles(Cache, "*.tokens")[0], Directory.GetFiles(Cache, "*.json")[0]);
        void Rewrite(string path, Func<string, string> change) => File.WriteAllText(path, change(File.ReadAllText(path)));
        switch (what)
        {
            case "changed":
                Rewrite(Data, _ => "Tom fell");
                File.SetLastWriteTimeUtc(Data, DateTime.UtcNow.AddDays(-1));
                break;
            case "cut":
                File.WriteAllBytes(tokens, File.ReadAllBytes(tokens)[..^4]);
                break;
            case "header":
                Rewrite(header, text => text[..20]);
                break;
            case "version":
                Rewrite(header, text => text.Replace("\"version\": 2", "\"version\": 7", StringComparison.Ordinal));
                break;
        }

        using var again = Open([Data], what == "field" ? "body" : "text", what == "rule" ? BrokenLines.Skip : BrokenLines.Fail);
        Assert.Contains(reason, Assert.Single(remarks));
        Assert.Equal(what == "changed" ? "Tom fell" : "Tom ran.", Tokenizer.Decode(Assert.Single(again.Documents).Tokens));
    }

    [Fact]
    public void ADocumentFarIntoAHugeCacheIsReadWhereItLies()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the test writes a file with a hole of ten gigabytes.");
        const long Far = 2_500_000_000;
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        var files = new TokenCacheFiles(Cache, new DataSource([Data], "text", BrokenLines.Fail), "hash");
        using (var tokens = File.OpenWrite(files.Tokens))
        {
            tokens.Position = Far * sizeof(uint);
            tokens.Write([7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0]);
        }

        DocumentEntry[] entries = [new(0, 1), new(Far, 12), new(Far + 3, 0)];
        File.WriteAllBytes(files.Documents, System.Runtime.InteropServices.MemoryMarshal.AsBytes(entries.AsSpan()));
        var header = files.ReadHeader()!;
        files.WriteHeader(header with { Documents = 2, Tokens = Far + 3, Sources = [header.Sources[0] with { Documents = 2 }] });
        using var corpus = Open([Data]);
        Assert.Empty(remarks);
        Assert.Equal([7, 8, 9], corpus.Documents[1].Tokens);
        Assert.Equal($"{Data}, line 12", corpus.Place(1));
    }

    [Fact]
    public void AnotherTokenizerHasACacheOfItsOwn()
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        using var other = Open([Data], tokenizer: "another");
        Assert.Equal(2, Directory.GetFiles(Cache, "*.tokens").Length);
        Assert.Empty(remarks);
    }

    [Fact]
    public void DataWithoutADocumentIsAnErrorThatLeavesNoCache()
    {
        File.WriteAllText(Data, "\n<|endoftext|>\n \n");
        var error = Assert.Throws<A3Exception>(() => Open([Data]));
        Assert.StartsWith($"no document in {Data}: ", error.Message);
        Assert.Empty(Directory.GetFiles(Cache));
    }

    [Fact]
    public void ADocumentWithoutUsableTokensIsBroken()
    {
        File.WriteAllText(Data, "Tom ran.\n<|endoftext|>\n\n...\n<|endoftext|>\nHe fell.");
        var source = new DataSource([Data], "text", BrokenLines.Fail);
        var error = Assert.Throws<A3Exception>(() => Corpus.Open(source, Cache, new Deaf(Tokenizer, "..."), "hash"));
        Assert.StartsWith($"{Data}, line 4: a document without usable tokens: ", error.Message);
        using var corpus = Corpus.Open(source with { BrokenLines = BrokenLines.Skip }, Cache, new Deaf(Tokenizer, "..."), "hash");
        Assert.Equal(2, corpus.Documents.Count);
    }

    [Fact]
    public void LeftOutLinesAreCountedEachTimeTheCacheIsOpened()
    {
        var path = folder.File("a.jsonl");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("{}\n", 7)) + "{\"text\": \"Tom\"}");
        using (Open([path], broken: BrokenLines.Skip))
        {
        }

        Assert.Equal(6, remarks.Count);
        Assert.Equal("broken lines left out: 7.", remarks[^1]);
        using var again = Open([path], broken: BrokenLines.Skip);
        Assert.Equal("broken lines left out: 7.", remarks[^1]);
        Assert.Equal(7, remarks.Count);
    }

    [Fact]
    public void WhatAKilledProcessLeftIsRemoved()
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        var header = Directory.GetFiles(Cache, "*.json")[0];
        File.Delete(header);
        var left = Path.ChangeExtension(header, ".tokens") + ".abcdefgh.xyz.tmp";
        File.WriteAllText(left, "unfinished");
        using var again = Open([Data]);
        Assert.False(File.Exists(left));
        Assert.Equal(3, Directory.GetFiles(Cache).Length);
    }

    [Fact]
    public void ACacheThatAnotherProcessWritesIsLeftAlone()
    {
        File.WriteAllText(Data, "Tom ran.");
        var files = new TokenCacheFiles(Cache, new DataSource([Data], "text", BrokenLines.Fail), "hash");
        Directory.CreateDirectory(Cache);
        using var other = ExclusiveFile.Open(files.Lock, "");
        var error = Assert.Throws<A3Exception>(() => Open([Data]));
        Assert.Contains("another process is tokenizing into this cache", error.Message);
    }

    [Fact]
    public void ALongDocumentIsStoredInPiecesCutAtSentences()
    {
        uint[] marked = [.. Enumerable.Range(0, 25).Select(i => (uint)i | (i is 8 or 13 ? 1u << 31 : 0))];
        var pieces = MarkedTokens.Pieces(marked, longest: 10).Select(piece => MarkedTokens.Read(piece.Span)).ToArray();
        Assert.Equal([8, 10, 7], pieces.Select(piece => piece.Tokens.Length));
        Assert.Equal(Enumerable.Range(0, 25), pieces.SelectMany(piece => piece.Tokens));
        Assert.Equal([0, 5], pieces[1].SentenceStarts);
    }

    [Fact]
    public void ProgressRunsUpToTheWhole()
    {
        File.WriteAllText(Data, "Tom ran.");
        var shares = new List<double>();
        using var corpus = Corpus.Open(
            new DataSource([Data], "text", BrokenLines.Fail), Cache, Tokenizer, "hash", new Shares(shares), TestContext.Current.CancellationToken);
        Assert.Equal(1, shares[^1]);
        Assert.Equal(shares.Order(), shares);
    }

    public void Dispose() => folder.Dispose();

    private Corpus Open(string[] files, string field = "text", BrokenLines broken = BrokenLines.Fail, string tokenizer = "hash") => Corpus.Open(
        new DataSource(files, field, broken), Cache, Tokenizer, tokenizer, new DocumentFileTests.Remarks(remarks), TestContext.Current.CancellationToken);

    private sealed class Shares(List<double> shares) : IProgress<Preparation>
    {
        public void Report(Preparation value)
        {
            if (value.Share is { } share)
            {
                shares.Add(share);
            }
        }
    }

    /// <summary>A tokenizer that makes nothing of one text.</summary>
    private sealed class Deaf(ITokenizer whole, string text) : ITokenizer
    {
        public int VocabularySize => whole.VocabularySize;

        public int? BosId => whole.BosId;

        public int? EosId => whole.EosId;

        public IReadOnlyList<int> EosIds => whole.EosIds;

        public IReadOnlyList<int> Prefix => whole.Prefix;

        public int? FirstId => whole.FirstId;

        public bool AddsLeadingSpace => whole.AddsLeadingSpace;

        public bool AttachesSpaces => whole.AttachesSpaces;

        public int[] Encode(string given, bool addBos, bool parseSpecial = false) =>
            given == text ? [] : whole.Encode(given, addBos, parseSpecial);

        public int[] EncodeContinuation(string given, bool parseSpecial = false) => whole.EncodeContinuation(given, parseSpecial);

        public string Decode(ReadOnlySpan<int> ids) => whole.Decode(ids);

        public string DecodeContinuation(ReadOnlySpan<int> ids) => whole.DecodeContinuation(ids);

        public ReadOnlyMemory<byte> TokenBytes(int id) => whole.TokenBytes(id);

        public string TokenText(int id) => whole.TokenText(id);

        public bool IsSpecial(int id) => whole.IsSpecial(id);

        public void Save(string directory) => whole.Save(directory);
    }
}

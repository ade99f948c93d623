using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Xunit;

namespace A3.Torch.Tests.Training;

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
        var written = File.GetLastWriteTimeUtc(tokens);
        File.SetLastWriteTimeUtc(Data, DateTime.UtcNow.AddDays(-1));
        using var again = Open([Data]);
        Assert.Equal("Tom ran.", Tokenizer.Decode(again.Documents[0].Tokens));
        Assert.Empty(remarks);
        Assert.Equal(written, File.GetLastWriteTimeUtc(tokens));
    }

    [Theory]
    [InlineData("changed", "stories.txt has changed since")]
    [InlineData("field", "it holds the field \"text\", and \"body\" is wanted")]
    [InlineData("rule", "it was made with broken lines = Fail, and Skip is wanted")]
    [InlineData("cut", "has not the length its header says")]
    [InlineData("header", "its header cannot be read")]
    [InlineData("version", "it has format 7, and this program writes 3")]
    [InlineData("zeroed", "is not the file that its header tells of, by its hash")]
    [InlineData("beyond", "which is out of range")]
    [InlineData("backward", "which is out of range")]
    [InlineData("other files", "its header tells of other files")]
    [InlineData("no files", "its header tells of other files")]
    [InlineData("null", "its header cannot be read")]
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
                var time = File.GetLastWriteTimeUtc(Data);
                Rewrite(Data, _ => "Tom fell");
                File.SetLastWriteTimeUtc(Data, time);
                break;
            case "cut":
                File.WriteAllBytes(tokens, File.ReadAllBytes(tokens)[..^4]);
                break;
            case "header":
                Rewrite(header, text => text[..20]);
                break;
            case "zeroed":
                File.WriteAllBytes(tokens, [.. MemoryMarshal.AsBytes(Numbers<uint>(tokens).Select(token => (token & 0xC0000000) | 7).ToArray().AsSpan())]);
                break;
            case "beyond":
                Forge(tokens, header, "tokensSha256", Numbers<uint>(tokens).Select((token, index) => index == 1 ? 270u : token).ToArray());
                break;
            case "backward":
                var entries = Numbers<DocumentEntry>(Directory.GetFiles(Cache, "*.documents")[0]);
                Forge(Directory.GetFiles(Cache, "*.documents")[0], header, "documentsSha256", [entries[1], entries[0]]);
                break;
            case "other files":
                Rewrite(header, text => text.Replace("stories.txt", "story.txt", StringComparison.Ordinal));
                break;
            case "no files":
                Rewrite(header, text => Regex.Replace(text, "\"sources\": \\[[^]]*\\]", "\"sources\": [null]"));
                break;
            case "null":
                Rewrite(header, text => Regex.Replace(text, "\"sources\": \\[[^]]*\\]", "\"sources\": null"));
                break;
            case "version":
                Rewrite(header, text => text.Replace("\"version\": 3", "\"version\": 7", StringComparison.Ordinal));
                break;
        }

        using var again = Open([Data], what == "field" ? "body" : "text", what == "rule" ? BrokenLines.Skip : BrokenLines.Fail);
        Assert.Contains(reason, Assert.Single(remarks));
        Assert.Equal(what == "changed" ? "Tom fell" : "Tom ran.", Tokenizer.Decode(Assert.Single(again.Documents).Tokens));
    }

    [Fact]
    public void WhateverBecomesOfACacheTheDocumentsAreThoseOfTheFiles()
    {
        var random = new Random(16);
        File.WriteAllText(Data, "Tom ran. He fell.\n<|endoftext|>\nTom.\n<|endoftext|>\nHe ran.");
        using (Open([Data]))
        {
        }

        var files = Directory.GetFiles(Cache).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).Order().ToArray();
        for (var trial = 0; trial < 100; trial++)
        {
            var path = files[random.Next(files.Length)];
            byte[] bytes = File.ReadAllBytes(path);
            var at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes = bytes[..at]; break;
                case 2: bytes = [.. bytes, .. bytes[..at]]; break;
                case 3: bytes.AsSpan(at).Clear(); break;
                default: random.Shuffle(bytes); break;
            }

            File.WriteAllBytes(path, bytes);
            using var corpus = Open([Data]);
            Assert.Equal(["Tom ran. He fell.", "Tom.", "He ran."], corpus.Documents.Select(document => Tokenizer.Decode(document.Tokens)));
            Assert.All(Enumerable.Range(0, 3), document => Assert.Equal($"{Data}, line {(2 * document) + 1}", corpus.Place(document)));
        }
    }

    [Fact]
    public void ACacheThatIsCutShortWhileItIsInUseIsAnError()
    {
        File.WriteAllText(Data, "Tom ran.");
        using var corpus = Open([Data]);
        var tokens = Directory.GetFiles(Cache, "*.tokens")[0];
        File.WriteAllBytes(tokens, File.ReadAllBytes(tokens)[..5]);
        var error = Assert.ThrowsAny<A3Exception>(() => corpus.Documents[0]);
        Assert.StartsWith($"{tokens}: ends before byte ", error.Message);
        File.WriteAllBytes(tokens, Enumerable.Repeat((byte)0x3F, 400).ToArray());
        error = Assert.ThrowsAny<A3Exception>(() => corpus.Documents[0]);
        Assert.Equal($"{tokens}: holds what no token cache does; it was changed while it was in use.", error.Message);
    }

    [Fact]
    public void InALentFolderACacheIsReadAndNothingIsWritten()
    {
        File.WriteAllText(Data, "Tom ran.");
        using (Open([Data]))
        {
        }

        string[] Files() => [.. Directory.GetFiles(Cache).Order().Select(path => $"{path} {File.GetLastWriteTimeUtc(path).Ticks} {Convert.ToHexString(File.ReadAllBytes(path))}")];
        using (Lent("own"))
        {
            Assert.False(Directory.Exists(folder.File("own")));
        }

        var tokens = Directory.GetFiles(Cache, "*.tokens")[0];
        File.WriteAllBytes(tokens, new byte[new FileInfo(tokens).Length]);
        var before = Files();
        using var made = Lent("own");
        Assert.Equal("Tom ran.", Tokenizer.Decode(made.Documents[0].Tokens));
        Assert.Equal(before, Files());

        Corpus Lent(string own) => Corpus.Open(
            new DataSource([Data], "text", BrokenLines.Fail), folder.File(own), Tokenizer, "hash", cancellation: TestContext.Current.CancellationToken, lent: Cache);
    }

    [Fact]
    public void NumbersFarIntoAHugeFileAreReadWhereTheyLie()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the test writes a file with a hole of ten gigabytes.");
        const long Far = 2_500_000_000;
        using (var stream = File.OpenWrite(folder.File("numbers")))
        {
            stream.Position = Far * sizeof(uint);
            stream.Write([7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0]);
        }

        using var numbers = new NumbersFile<uint>(folder.File("numbers"));
        Assert.Equal([7u, 8, 9], numbers.Read(Far, 3));
        Assert.ThrowsAny<A3Exception>(() => numbers.Read(Far, 4));
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
        var error = Assert.ThrowsAny<A3Exception>(() => Open([Data]));
        Assert.StartsWith($"no document in {Data}: ", error.Message);
        Assert.All(Directory.GetFiles(Cache), path => Assert.EndsWith(".lock", path));
    }

    [Fact]
    public void ADocumentWithoutUsableTokensIsBroken()
    {
        File.WriteAllText(Data, "Tom ran.\n<|endoftext|>\n\n...\n<|endoftext|>\nHe fell.");
        var source = new DataSource([Data], "text", BrokenLines.Fail);
        var error = Assert.ThrowsAny<A3Exception>(() => Corpus.Open(source, Cache, new Deaf(Tokenizer, "..."), "hash"));
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
        Assert.Equal(4, Directory.GetFiles(Cache).Length);
    }

    [Fact]
    public void ACacheThatAnotherProcessWritesIsLeftAlone()
    {
        File.WriteAllText(Data, "Tom ran.");
        var files = new TokenCacheFiles(Cache, new DataSource([Data], "text", BrokenLines.Fail), "hash");
        Directory.CreateDirectory(Cache);
        using var other = ExclusiveFile.Open(files.Lock, "");
        var error = Assert.ThrowsAny<A3Exception>(() => Open([Data]));
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

    private static T[] Numbers<T>(string path)
        where T : unmanaged => [.. MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(path))];

    /// <summary>Puts other numbers into a file of the cache, and their hash into its header.</summary>
    private static void Forge<T>(string path, string header, string key, T[] numbers)
        where T : unmanaged
    {
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(numbers.AsSpan()));
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        File.WriteAllText(header, Regex.Replace(File.ReadAllText(header), $"\"{key}\": \"[^\"]*\"", $"\"{key}\": \"{hash}\""));
    }

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

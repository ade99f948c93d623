using A3.Fuzz.Tests.Mutators;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>
/// Files of a token cache: one of them, whose number is the input's first byte, is replaced by the rest of the input. Whatever stands there, the
/// documents are right: a cache that is not whole is made anew.
/// </summary>
internal static class TokenCaches
{
    private static readonly ITokenizer Tokenizer = BpeTrainer.Train(["Tom ran. He fell."], 270, cancellation: CancellationToken.None);

    private static readonly Lazy<Folder> Whole = new(() =>
    {
        var folder = new Folder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        File.WriteAllText(folder.File("stories.txt"), "Tom ran. He fell.\n<|endoftext|>\nTom\nran.\n<|endoftext|>\nHe ran.");
        Open(folder.Path).Dispose();
        return folder;
    });

    private static string[] Files => [.. Directory.GetFiles(Whole.Value.File("cache")).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public static Format Format { get; } = new("token cache", Gen.Choose(0, 2).Select(Input), Mutate, Read) { IsForgiving = true, Rarity = 2 };

    private static byte[] Input(int file) => [(byte)file, .. File.ReadAllBytes(Files[file])];

    private static byte[] Mutate(Chance chance, byte[] input)
    {
        var rest = input[1..];
        var isHeader = Files[input[0]].EndsWith(".json", StringComparison.Ordinal);
        return [input[0], .. isHeader ? JsonMutator.Mutate(chance, rest) : BytesMutator.Mutate(chance, rest)];
    }

    private static void Read(byte[] input)
    {
        using var folder = new Folder();
        File.Copy(Whole.Value.File("stories.txt"), folder.File("stories.txt"));
        File.SetLastWriteTimeUtc(folder.File("stories.txt"), File.GetLastWriteTimeUtc(Whole.Value.File("stories.txt")));
        Open(folder.Path).Dispose();
        var files = Directory.GetFiles(folder.File("cache")).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        File.WriteAllBytes(files[input[0]], input[1..]);
        using var corpus = Open(folder.Path);
        var texts = string.Join('|', corpus.Documents.Select(document => Tokenizer.Decode(document.Tokens)));
        if (texts != "Tom ran. He fell.|Tom\nran.|He ran.")
        {
            throw new InvalidOperationException($"the documents are {texts}");
        }
    }

    private static Corpus Open(string folder) => Corpus.Open(
        new DataSource([Path.Combine(folder, "stories.txt")], "text", BrokenLines.Fail), Path.Combine(folder, "cache"), Tokenizer, "hash");
}

using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Hugging Face's older layout: tokens that stand beside a tokenizer.model.</summary>
public sealed class LegacyFilesTests : IDisposable
{
    private const int First = 261;

    private readonly Folder folder = new();

    public LegacyFilesTests() => File.WriteAllBytes(
        folder.File("tokenizer.model"),
        SentencePieceFile.Standard().Piece("\u2581", -1).Piece("a", -2).Trainer(2).Normalizer().ToArray());

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Added_tokens_are_found_in_texts_and_special_ones_are_marks()
    {
        File.WriteAllText(folder.File("added_tokens.json"), """{"<tool>": 262, "<pad>": 261, "<s>": 1}""");
        File.WriteAllText(
            folder.File("special_tokens_map.json"),
            """{"bos_token": {"content": "<s>"}, "eos_token": "<pad>", "pad_token": "<pad>", "additional_special_tokens": ["</s>"]}""");
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.Equal(263, tokenizer.VocabularySize);
        Assert.Equal("<tool>"u8.ToArray(), tokenizer.TokenBytes(262).ToArray());
        Assert.Equal(262, tokenizer.Encode("a<tool>a", addBos: false)[2]);
        Assert.True(tokenizer.IsSpecial(First));
        Assert.DoesNotContain(First, tokenizer.Encode("a<pad>", addBos: false));
        Assert.Equal([2, First], tokenizer.EosIds);
        Assert.Equal(1, tokenizer.BosId);
    }

    [Fact]
    public void The_files_are_saved_with_the_tokenizer()
    {
        File.WriteAllText(folder.File("added_tokens.json"), """{"<tool>": 261}""");
        File.WriteAllText(folder.File("special_tokens_map.json"), """{"pad_token": "<unk>"}""");
        using var copy = new Folder();
        Tokenizer.Load(folder.Path).Save(copy.Path);

        Assert.Equal(262, Tokenizer.Load(copy.Path).VocabularySize);
        Assert.True(File.Exists(copy.File("special_tokens_map.json")));
    }

    [Theory]
    [InlineData("""{"<tool>": 259}""", "id 259 belongs to")]
    [InlineData("""{"<tool>": 261, "<pad>": 261}""", "id 261 belongs to \"<tool>\" already.")]
    [InlineData("""{"<tool>": -1}""", "-1 is no token id")]
    [InlineData("""{"": 261}""", "has 0 characters")]
    [InlineData("""["<tool>"]""", "is no JSON object.")]
    public void Added_tokens_that_cannot_be_are_named(string json, string message)
    {
        File.WriteAllText(folder.File("added_tokens.json"), json);
        var error = Assert.Throws<TokenizerException>(() => Tokenizer.Load(folder.Path));

        Assert.Contains("added_tokens.json", error.Message);
        Assert.Contains(message, error.Message);
    }
}

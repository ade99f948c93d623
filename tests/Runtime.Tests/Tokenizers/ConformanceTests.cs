using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Agreement with other programs: llama2.c's ids, and Microsoft's SentencePiece and byte-level encoders.</summary>
public sealed class ConformanceTests
{
    private static readonly string[] _texts =
    [
        "", " ", "  ", "Once upon a time", " leading", "trailing ", "two  spaces   three", "line\nbreak\r\n\ttab\n\n\n",
        "It's he'LL they'RE 'quoted'", "12 345 6789 ½ ² Ⅷ", "zebra ünïcödé 42", "日本語のテキスト", "𝒜𝓁𝓁 𐐀𐐨 mathematical 𝟙𝟚𝟛𝟜", "🙂👍🏽 ok",
        "a\u0301\u0300 combining", "\0\u0001\u007F", "<s> </s> <unk> <0x41>", "▁ the ▁▁", "\u00A0\u2003\u3000wide\u2028sep", "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    public void Ids_and_texts_of_the_stories_model_are_those_of_llama2_c(string file)
    {
        var tokenizer = Load(file);
        using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Shared("stories260K"), "expected.json")));
        foreach (var item in expected.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            int[] ids = [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

            Assert.Equal(ids, tokenizer.Encode(text, addBos: true));
            Assert.Equal(ids[1..], tokenizer.Encode(text, addBos: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }

        Assert.Equal((512, 1, 2), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId));
    }

    [Fact]
    public void The_sentence_piece_file_encodes_as_Microsoft_s_reader_of_it()
    {
        using var stream = File.OpenRead(Path.Combine(Fixtures.Shared("stories260K"), "tokenizer.model"));
        var microsoft = LlamaTokenizer.Create(stream, addBeginOfSentence: false);
        var tokenizer = Load("tokenizer.model");

        Assert.All(_texts, text => Assert.Equal(microsoft.EncodeToIds(text), tokenizer.Encode(text, addBos: false)));
    }

    [Fact]
    public void Both_files_of_the_stories_model_encode_alike()
    {
        var (json, model) = (Load("tokenizer.json"), Load("tokenizer.model"));
        var texts = _texts.Where(text => !text.Contains("<s>", StringComparison.Ordinal));

        Assert.All(texts, text => Assert.Equal(model.Encode(text, addBos: true), json.Encode(text, addBos: true)));
    }

    [Fact]
    public void A_trained_vocabulary_encodes_as_Microsoft_s_byte_level_encoder()
    {
        var trained = BpeTrainer.Train([.. _texts, .. _texts], 400, null, TestContext.Current.CancellationToken);
        using var folder = new Folder();
        trained.Save(folder.Path);
        using var json = JsonDocument.Parse(File.ReadAllBytes(folder.File("tokenizer.json")));
        var model = json.RootElement.GetProperty("model");
        var microsoft = BpeTokenizer.Create(new BpeOptions(model.GetProperty("vocab").EnumerateObject()
            .Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetInt32())))
        {
            Merges = model.GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()!),
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new System.Text.RegularExpressions.Regex(A3.Runtime.Tokenizers.SplitPattern.Llama3), null),
        });

        // Microsoft's regular expression sees surrogates where letters and digits beyond U+FFFF stand.
        var texts = _texts.Where(text => text.Length > 0
            && !text.Contains("𝒜", StringComparison.Ordinal)
            && !text.Contains("<s>", StringComparison.Ordinal));
        Assert.All(texts, text => Assert.Equal(microsoft.EncodeToIds(text), trained.Encode(text, addBos: false)));
    }

    [Fact]
    public void Every_token_of_the_stories_model_streams_to_the_text_it_decodes_to()
    {
        var tokenizer = Load("tokenizer.json");
        int[] ids = [.. Enumerable.Range(0, tokenizer.VocabularySize)];
        var stream = new TextStream(tokenizer, continuation: false);
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(stream.Push(id));
        }

        Assert.Equal(tokenizer.Decode(ids), text + stream.Finish());
    }

    private static ITokenizer Load(string file)
    {
        using var folder = new Folder();
        foreach (var name in (string[])[file, "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(Fixtures.Shared("stories260K"), name), folder.File(name));
        }

        return A3.Tokenizer.Load(folder.Path);
    }
}

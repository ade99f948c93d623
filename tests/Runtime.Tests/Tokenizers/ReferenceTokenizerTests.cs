using System.Text.Json;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Small vocabularies of the repository, with the ids and the texts that other implementations give: see tests/fixtures/tokenizers.</summary>
public sealed class ReferenceTokenizerTests
{
    public static TheoryData<string> Names => ["byte-level", "byte-fallback", "metaspace", "sentencepiece"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_and_decoded_texts_are_those_of_the_reference_implementation(string name)
    {
        var directory = Path.Combine(Fixtures.Repository("tokenizers"), name);
        var tokenizer = Tokenizer.Load(directory);
        var lines = File.ReadAllLines(Path.Combine(directory, "expected.jsonl"));
        Assert.InRange(lines.Length, 30, 1000);

        Assert.All(lines, line =>
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text").GetString()!;
            int[] Ids(string key) => [.. json.RootElement.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];

            // SentencePiece knows no special tokens in a text.
            var ids = tokenizer.Encode(text, addBos: false, parseSpecial: name != "sentencepiece");
            Assert.Equal(Ids("ids"), ids);
            Assert.Equal(Ids("ids_with_special"), tokenizer.Prefix.Concat(ids));
            Assert.Equal(json.RootElement.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
        });
    }
}

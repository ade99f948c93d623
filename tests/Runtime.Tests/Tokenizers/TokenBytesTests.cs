using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>
/// A place in a text is a place in its tokens: the bytes of its tokens, joined, are the bytes of the text, after the one space that some
/// tokenizers put before it.
/// </summary>
public sealed class TokenBytesTests
{
    private const string Stories =
        "One day, Tim saw a dog. \n\n The dog's name, ünïcödé 日本語 🙂🙂 12345 12345. She said, \"What is it?\" and he ran home.";

    /// <summary>What breaks words, characters and lines, and what files give a meaning of its own.</summary>
    private static readonly string[] Pieces =
    [
        " ", "  ", "   ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "\0", "\u001b", "\u007f", "a", "dog", " dog", "Tim", "it's", "'s",
        "ing", ".", ",", "\"", "...", "?!", "12345", "½", "é", "e\u0301", "ünï", "日本", "語", "🙂", "👩‍🚀", "👍🏽", "𝒜", "\uFEFF", "\uFFFD", "<s>",
        "</s>", "<unk>", "<0x41>", "<|endoftext|>", "yes", "[[", "{3}", "___",
    ];

    /// <summary>Texts of bytes that a tokenizer knows: SmolLM2 lacks those that no character in use has.</summary>
    private static Gen<string> Texts(HashSet<byte> known) =>
        Gen.OneOf(
            Gen.Elements(Pieces),
            Gen.Choose(0x20, 0x7E).Select(unit => ((char)unit).ToString()),
            Gen.Choose(0, 0x10FFFF).Where(point => Rune.IsValid(point) && point != 0x2581).Select(point => new Rune(point).ToString()))
        .Where(piece => Encoding.UTF8.GetBytes(piece).All(known.Contains))
        .ListOf()
        .Select(pieces => string.Concat(pieces));

    public static TheoryData<string> Kinds => ["trained", "prefix space", "byte fallback", "metaspace first", "metaspace always", "SentencePiece"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_bytes_of_the_tokens_are_the_bytes_of_the_text(string kind) => Holds(Of(kind), kind != "trained");

    /// <summary>Also Hugging Face's ids, without and with what the tokenizer's own rules put around a text.</summary>
    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3_1")]
    [InlineData("gpt2")]
    [InlineData("smollm2")]
    [InlineData("tinyllama")]
    public void The_bytes_of_real_tokens_are_the_bytes_of_the_text_and_their_ids_those_of_Hugging_Face(string name)
    {
        var directory = Fixtures.Tokenizer(name);
        var tokenizer = Tokenizer.Load(directory);
        Assert.True(tokenizer.AttachesSpaces);
        Holds(tokenizer, name is "llama2" or "tinyllama");
        foreach (var line in File.ReadLines(Path.Combine(directory, "expected.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text").GetString()!;
            int[] Ids(string key) => [.. json.RootElement.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];

            Assert.Equal(Ids("ids"), tokenizer.Encode(text, addBos: false, parseSpecial: true));
            Assert.Equal(Ids("ids_with_special"), tokenizer.Prefix.Concat(tokenizer.Encode(text, addBos: false, parseSpecial: true)));
        }
    }

    /// <summary>SentencePiece's sign for a space becomes one; nothing else of a text does.</summary>
    [Theory]
    [InlineData("byte fallback")]
    [InlineData("metaspace first")]
    [InlineData("SentencePiece")]
    public void The_sign_for_a_space_becomes_a_space(string kind)
        => Assert.Equal(" a b", Of(kind).Decode(Of(kind).Encode(" a▁b", addBos: false)).PadLeft(4));

    private static ITokenizer Of(string kind)
    {
        switch (kind)
        {
            case "trained":
                return BpeTrainer.Train([Stories], 330);
            case "prefix space":
                var spaced = TokenizerJson.ByteLevel("Ġ d", "d o", "Ġd o");
                spaced["pre_tokenizer"]!["add_prefix_space"] = true;
                spaced["added_tokens"] = new JsonArray(TokenizerJson.Special(300, "<s>"));
                return TokenizerJson.Load(spaced);
            case "byte fallback":
                return TokenizerJson.Load(TokenizerJson.ByteFallback("▁abcdog.é日", "▁ a", "d o", "▁ do", "▁ ▁", "▁▁ ▁▁", "do g"));
            case "SentencePiece":
                var pieces = ((string[])["▁", "a", "d", "o", "g", "▁d", "og", "▁▁", "é"]).Index();
                return pieces.Aggregate(SentencePieceFile.Standard().Trainer(2).Normalizer(), (file, piece) => file.Piece(piece.Item, -piece.Index)).Load();
            default:
                var json = TokenizerJson.ByteFallback("▁abcdog.é日", "▁ a", "d o", "▁ do", "▁ ▁", "do g");
                var scheme = kind.Split(' ')[1];
                json["normalizer"] = null;
                json["pre_tokenizer"] = JsonNode.Parse($$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":true}""");
                json["decoder"] = JsonNode.Parse(
                    $$"""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}"}]}""");
                return TokenizerJson.Load(json);
        }
    }

    private static void Holds(ITokenizer tokenizer, bool addsSpace)
    {
        Assert.Equal(addsSpace, tokenizer.AddsLeadingSpace);
        var known = Enumerable.Range(0, tokenizer.VocabularySize).Select(id => tokenizer.TokenBytes(id)).Where(bytes => bytes.Length == 1)
            .Select(bytes => bytes.Span[0]).ToHashSet();
        Prop.ForAll(Arb.From(Texts(known), Shorter), text =>
        {
            var (first, later) = (Joined(tokenizer, tokenizer.Encode(text, addBos: false)), Joined(tokenizer, tokenizer.EncodeContinuation(text)));
            var bytes = Encoding.UTF8.GetBytes(text);
            return later.AsSpan().SequenceEqual(bytes)
                && (first.AsSpan().SequenceEqual(bytes) || (addsSpace && first is [(byte)' ', ..] && first.AsSpan(1).SequenceEqual(bytes)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static byte[] Joined(ITokenizer tokenizer, int[] ids) => [.. ids.SelectMany(id => tokenizer.TokenBytes(id).ToArray())];

    private static IEnumerable<string> Shorter(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
            {
                yield return text.Remove(index, 1);
            }
        }
    }
}

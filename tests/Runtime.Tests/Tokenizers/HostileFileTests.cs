using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Broken and hostile files end in one typed error that names file, place and rule.</summary>
public sealed class HostileFileTests
{
    public static TheoryData<string, string, string> Changes => new()
    {
        // place to change, its new value, what the message must say
        { "model.type", "\"Unigram\"", "model.type: \"Unigram\" is not supported here; supported: BPE." },
        { "model.type", "\"WordPiece\"", "model.type: \"WordPiece\" is not supported here; supported: BPE." },
        { "model", "null", "model: is missing; an object was expected." },
        { "model.vocab", "[]", "model.vocab: a list is not an object." },
        { "model.vocab", "{}", "model.vocab: is empty; a vocabulary holds at least one token." },
        { "model.vocab.ll", "2147483647", "model.vocab[\"ll\"]: 2147483647 is no token id; ids are whole numbers from 0 to 4194303." },
        { "model.vocab.ll", "99999999999999999999", "is no token id" },
        { "model.vocab.ll", "-1", "model.vocab[\"ll\"]: -1 is no token id" },
        { "model.vocab.ll", "1.5", "model.vocab[\"ll\"]: 1.5 is no token id" },
        { "model.vocab.ll", "\"7\"", "model.vocab[\"ll\"]: \"7\" is no token id" },
        { "model.vocab.ll", "0", "model.vocab[\"ll\"]: id 0 belongs to" },
        { "model.merges", "{}", "model.merges: an object is not a list." },
        { "model.merges", "null", "model.merges: is missing; a list was expected." },
        { "model.merges", "[\"l l\", \"l z l\"]", "model.merges[1]: has 3 parts; a merge has two" },
        { "model.merges", "[\"l l\", [\"l\"]]", "model.merges[1]: has 1 parts; a merge has two" },
        { "model.merges", "[\"l z\"]", "model.merges[0]: merges to or from \"lz\", which is not in model.vocab." },
        { "model.merges", "[\"l nothing\"]", "model.merges[0]: merges to or from \"nothing\", which is not in model.vocab." },
        { "model.merges", "[7]", "model.merges[0]: 7 is not a list." },
        { "model.unk_token", "\"<unk>\"", "model.unk_token: \"<unk>\" is not in model.vocab." },
        { "model.dropout", "0.1", "model.dropout: 0.1 is not supported here; supported: null, 0." },
        { "model.ignore_merges", "1", "model.ignore_merges: 1 is neither true nor false." },
        { "model.continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix: \"##\" is not supported here; supported: null." },
        { "normalizer", "{\"type\": \"NFKC\"}", "normalizer.type: \"NFKC\" is not supported here; supported: Sequence, Prepend, Replace" },
        { "normalizer", "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a\"}, \"content\": \"\"}", "normalizer.pattern: an object is not supported here" },
        { "normalizer", "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \"a\"}", "normalizer.pattern: an object is not supported here" },
        { "pre_tokenizer", "{\"type\": \"BertPreTokenizer\"}", "pre_tokenizer.type: \"BertPreTokenizer\" is not supported here; supported: Sequence, Split" },
        { "pre_tokenizer", "7", "pre_tokenizer: 7 is not an object." },
        { "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"(\"}, \"behavior\": \"Isolated\"}", "pre_tokenizer.pattern.Regex: No regular expression that .NET reads" },
        { "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"[a&&b]\"}, \"behavior\": \"Isolated\"}", "'&&' in a regular expression is not supported." },
        { "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"String\": \"a\"}, \"behavior\": \"Other\"}", "pre_tokenizer.behavior: \"Other\" is not supported here" },
        { "pre_tokenizer", "null", "decoder: The pre-tokenizer and the decoder must both be byte-level, or neither." },
        { "decoder", "null", "decoder: nothing is not supported here; supported: Sequence, ByteLevel" },
        { "decoder", "{\"type\": \"CTC\"}", "decoder.type: \"CTC\" is not supported here; supported: Sequence, ByteLevel" },
        { "decoder", "{\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}", "decoder.type: \"Strip\" is not supported here" },
        { "post_processor", "{\"type\": \"BertProcessing\"}", "post_processor.type: \"BertProcessing\" is not supported here; supported: Sequence, TemplateProcessing" },
        { "post_processor", "{\"type\": \"TemplateProcessing\", \"single\": []}", "post_processor.single: holds the text 0 times" },
        { "post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"x\"}}], \"special_tokens\": {\"x\": {\"ids\": [999]}}}", "ids[0]: id 999, but the vocabulary holds only 0..256." },
        { "added_tokens", "[{\"id\": 7, \"content\": \"new\"}]", "added_tokens[0].id: id 7 belongs to" },
        { "added_tokens", "[{\"id\": 300, \"content\": \"ll\"}]", "added_tokens[0].id: id 300 for \"ll\", but model.vocab gives it 256." },
        { "added_tokens", "[{\"id\": 300, \"content\": \"\"}]", "added_tokens[0].content: has 0 characters; an added token has 1 to 1000." },
        { "added_tokens", "[{\"id\": 300, \"content\": \"xx\"}, {\"id\": 301, \"content\": \"xx\"}]", "added_tokens[1].content: \"xx\" is added twice." },
        { "added_tokens", "[{\"id\": 300, \"content\": \"xx\"}, {\"id\": 300, \"content\": \"yy\"}]", "added_tokens[1].id: id 300 belongs to \"xx\" already." },
        { "added_tokens", "[{\"id\": 2147483647, \"content\": \"x\"}]", "added_tokens[0].id: 2147483647 is no token id" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_broken_place_is_named(string place, string value, string message)
    {
        var json = TokenizerJson.ByteLevel("l l");
        var steps = place.Split('.');
        steps[..^1].Aggregate((JsonNode)json, (node, step) => node[step]!)[steps[^1]] = JsonNode.Parse(value);

        AssertFails(message, () => TokenizerJson.Load(json));
    }

    [Theory]
    [InlineData("", "no bytes: empty, a pipe or a device")]
    [InlineData("[]", "is no JSON object")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 0, \"a\": 1}}}", "no JSON")]
    [InlineData("{\"\\ud800\": 1}", "tokenizer.json")]
    [InlineData("{\"decoder\": {\"type\": \"\\ud800\"}}", "decoder.type: no Unicode text")]
    public void No_proper_json_is_an_error(string content, string message)
        => AssertFails(message, () => TokenizerJson.Load(content));

    [Fact]
    public void A_file_cut_off_anywhere_is_an_error()
    {
        var content = TokenizerJson.ByteLevel("l l").ToJsonString();
        for (var length = 1; length < content.Length; length += 97)
        {
            AssertFails("no JSON", () => TokenizerJson.Load(content[..length]));
        }
    }

    [Fact]
    public void Deep_nesting_is_an_error()
    {
        AssertFails("no JSON", () => TokenizerJson.Load(string.Concat(Enumerable.Repeat("{\"normalizer\":", 100_000))));
        AssertFails("no JSON", () => TokenizerJson.Load(new string('[', 1_000_000)));
    }

    [Fact]
    public void Replacements_that_would_fill_the_memory_are_an_error()
    {
        var json = TokenizerJson.ByteLevel("l l");
        json["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray([.. Enumerable.Range(0, 30).Select(_ => JsonNode.Parse("""{"type":"Replace","pattern":{"String":"a"},"content":"aa"}"""))]),
        };
        AssertFails("normalizer: its replacements can make a text more than 64 times as long.", () => TokenizerJson.Load(json));

        json["normalizer"]!["normalizers"] = new JsonArray([.. Enumerable.Range(0, 33).Select(_ => JsonNode.Parse("""{"type":"Prepend","prepend":"a"}"""))]);
        AssertFails("normalizer: more than 32 steps are not supported.", () => TokenizerJson.Load(json));
    }

    /// <summary>What `shared/faults/make.py template-bomb` makes, and its like: small files that would fill the memory or take for ever.</summary>
    [Fact]
    public void Tables_that_multiply_are_checked_before()
    {
        var json = TokenizerJson.ByteLevel("l l");
        var bomb = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray([.. Enumerable.Repeat("a", 16000).Select(name => JsonNode.Parse("""{"SpecialToken": {"id": "a"}}"""))]),
            ["special_tokens"] = new JsonObject { ["a"] = new JsonObject { ["ids"] = new JsonArray([.. Enumerable.Repeat(1, 250).Select(id => (JsonNode)id)]) } },
        };
        json["post_processor"] = bomb;
        AssertFails("post_processor.special_tokens.a.ids: puts more than 64 tokens around a text.", () => TokenizerJson.Load(json));
        bomb["special_tokens"]!["a"]!["ids"] = new JsonArray();
        AssertFails("post_processor.single: has more than 65 parts.", () => TokenizerJson.Load(json));
        json["post_processor"] = null;

        json["normalizer"] = new JsonObject { ["type"] = "Prepend", ["prepend"] = new string('a', 100_000) };
        AssertFails("normalizer.prepend: has 100000 characters; at most 64 are put before a text.", () => TokenizerJson.Load(json));
        json["normalizer"] = null;

        json["added_tokens"] = new JsonArray(TokenizerJson.Special(300, new string('a', 1001)));
        AssertFails("added_tokens[0].content: has 1001 characters; an added token has 1 to 1000.", () => TokenizerJson.Load(json));
        json["added_tokens"] = new JsonArray();

        json["model"]!["vocab"]![new string('a', 5000)] = 300;
        AssertFails("a token of 5000 characters; at most 4096 are read.", () => TokenizerJson.Load(json));

        var spaces = TokenizerJson.ByteFallback("▁a");
        spaces["decoder"]!["decoders"]![0]!["content"] = new string('b', 64);
        foreach (var id in Enumerable.Range(0, 600))
        {
            spaces["model"]!["vocab"]![new string('▁', 4000) + id] = 1000 + id;
        }

        AssertFails("decoder: its replacements make more than 134217728 bytes of the vocabulary.", () => TokenizerJson.Load(spaces));
    }

    /// <summary>Ten thousand added tokens that begin alike, and a text that begins like them at every place.</summary>
    [Fact]
    public void Added_tokens_are_found_in_a_time_that_hardly_grows_with_their_number()
    {
        var json = TokenizerJson.ByteLevel("l l");
        json["added_tokens"] = new JsonArray(
            [.. Enumerable.Range(0, 10_000).Select(index => TokenizerJson.Special(300 + index, $"aaaaaaaa{index:D5}"))]);
        var tokenizer = TokenizerJson.Load(json);
        var text = new string('a', 100_000);

        Assert.Equal(text.Length, tokenizer.Encode(text, addBos: false, parseSpecial: true).Length);
        Assert.Equal(['a', 300 + 1234, 'a'], tokenizer.Encode("aaaaaaaaa01234a", addBos: false, parseSpecial: true));
    }

    [Fact]
    public void A_pattern_that_backtracks_without_end_is_stopped()
    {
        var json = TokenizerJson.ByteLevel();
        json["pre_tokenizer"] = JsonNode.Parse(
            """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"},{"type":"ByteLevel","add_prefix_space":false}]}""");
        var tokenizer = TokenizerJson.Load(json);

        AssertFails(
            "pre_tokenizer.pretokenizers[0].pattern.Regex: The regular expression takes too long on a text of 41 characters.",
            () => tokenizer.Encode(new string('a', 40) + "b", addBos: false));
    }

    [Fact]
    public void A_directory_without_a_tokenizer_is_an_error()
    {
        using var folder = new Folder();

        AssertFails("holds neither tokenizer.json nor tokenizer.model", () => Tokenizer.Load(folder.Path));
        AssertFails("holds neither tokenizer.json nor tokenizer.model", () => Tokenizer.Load(folder.File("none")));
    }

    [Theory]
    [InlineData("{\"bos_token\": \"<none>\"}", "bos_token: \"<none>\" is no token of")]
    [InlineData("{\"bos_token\": 7}", "bos_token: 7 is not a string.")]
    [InlineData("{", "no JSON")]
    public void A_broken_file_beside_it_is_an_error(string content, string message)
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("tokenizer.json"), TokenizerJson.ByteLevel().ToJsonString());
        File.WriteAllText(folder.File("tokenizer_config.json"), content);

        AssertFails(message, () => Tokenizer.Load(folder.Path));
    }

    public static TheoryData<string, byte[], string> Models => new()
    {
        { "empty", [], "no bytes: empty, a pipe or a device" },
        { "length past the end", [0x0A, 0x7F, 1, 2], "byte 2: 127 bytes are announced, but 2 are left." },
        { "length of 2^63", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "bytes are announced, but 0 are left." },
        { "endless number", [0x08, .. Enumerable.Repeat((byte)0xFF, 20)], "a number of more than 64 bits." },
        { "group", [0x0B], "a field of wire type 3" },
        { "length past the end of a piece", [0x0A, 0x03, 0x0A, 0x09, 0x61], "byte 4: 9 bytes are announced, but 1 are left." },
        { "unigram", SentencePieceFile.Standard().Trainer(1).Normalizer().ToArray(), "trainer_spec: model type 1, but only 2 (BPE) is supported." },
        { "no trainer", SentencePieceFile.Standard().Normalizer().ToArray(), "trainer_spec: model type 1" },
        { "suffix spaces", SentencePieceFile.Standard().Trainer(2, (24, 1)).Normalizer().ToArray(), "treat_whitespace_as_suffix" },
        { "extra spaces", SentencePieceFile.Standard().Trainer(2).Normalizer(removesSpaces: true).ToArray(), "normalizer_spec: remove_extra_whitespaces" },
        { "plain spaces", SentencePieceFile.Standard().Trainer(2).Normalizer(escapes: false).ToArray(), "normalizer_spec: escape_whitespaces" },
        { "twice", SentencePieceFile.Standard().Piece("a", 0).Piece("a", 0).Trainer(2).Normalizer().ToArray(), "piece \"a\" occurs twice." },
        { "empty piece", SentencePieceFile.Standard().Piece("", 0).Trainer(2).Normalizer().ToArray(), "a piece of 0 characters" },
        { "long piece", SentencePieceFile.Standard().Piece(new string('a', 513), 0).Trainer(2).Normalizer().ToArray(), "a piece of 513 characters" },
        { "unused piece", SentencePieceFile.Standard().Piece("a", 0, 5).Trainer(2).Normalizer().ToArray(), "piece \"a\" of type 5" },
        { "no byte", SentencePieceFile.Standard().Piece("<0xZZ>", 0, 6).Trainer(2).Normalizer().ToArray(), "\"<0xZZ>\" is of type byte" },
        { "tiktoken", "IQ== 0\nIg== 1\n"u8.ToArray(), "is a tiktoken file, which says nothing about words and special tokens; save the tokenizer as tokenizer.json." },
        { "no number", SentencePieceFile.Standard().Piece("a", float.NaN).Trainer(2).Normalizer().ToArray(), "has no number for a score" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_broken_model_is_named(string what, byte[] content, string message)
        => AssertFails(message, () => SentencePieceFile.Load(content), what);

    [Fact]
    public void A_model_cut_off_or_changed_anywhere_loads_or_is_an_error()
    {
        var content = SentencePieceFile.Standard().Piece("▁", -1).Piece("ab", -2).Trainer(2).Normalizer().ToArray();
        for (var index = 0; index < content.Length; index += 7)
        {
            byte[] changed = [.. content];
            changed[index] ^= 0x55;
            foreach (var candidate in (byte[][])[content[..index], changed])
            {
                if (Record.Exception(() => SentencePieceFile.Load(candidate)) is { } error)
                {
                    Assert.IsType<TokenizerException>(error);
                }
            }
        }
    }

    [Fact]
    public void A_file_changed_anywhere_loads_or_is_an_error()
    {
        var content = Encoding.UTF8.GetBytes(TokenizerJson.ByteFallback("▁ab", "▁ a").ToJsonString());
        for (var index = 0; index < content.Length; index += 5)
        {
            byte[] changed = [.. content];
            changed[index] ^= 0x15;
            using var folder = new Folder();
            File.WriteAllBytes(folder.File("tokenizer.json"), changed);
            if (Record.Exception(() => Tokenizer.Load(folder.Path)) is { } error)
            {
                Assert.IsType<TokenizerException>(error);
            }
        }
    }

    private static void AssertFails(string message, Func<object> action, string what = "")
    {
        var error = Assert.Throws<TokenizerException>(action);
        Assert.True(error.Message.Contains(message, StringComparison.Ordinal), $"{what}: {error.Message}");
        Assert.DoesNotContain('\n', error.Message);
    }
}

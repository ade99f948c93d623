using System.Text.Json.Nodes;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>What begins and what ends a text, as the files of a checkpoint say it.</summary>
public sealed class MarkTests
{
    private const int Dot = '.';
    private const int Begin = 300;
    private const int End = 301;
    private const int Turn = 302;

    [Theory]
    [InlineData(null, """{"eos_token_id": [302, 301]}""", null, new[] { Turn, End })]
    [InlineData("""{"eos_token": "<e>"}""", """{"eos_token_id": 302}""", """{"eos_token_id": [302, 300]}""", new[] { End, Turn, Begin })]
    [InlineData(null, null, """{"eos_token_id": 302}""", new[] { Turn })]
    [InlineData("""{"eos_token": null}""", """{"eos_token_id": null}""", """{"eos_token_id": []}""", new int[0])]
    public void Every_token_that_a_file_names_ends_a_text(string? tokenizer, string? model, string? generation, int[] expected)
    {
        var loaded = Load(Marked(), tokenizer, model, generation);

        Assert.Equal(expected, loaded.EosIds);
        Assert.Equal(expected.Length == 0 ? null : expected[0], loaded.EosId);
        Assert.Empty(Notices(loaded));
    }

    [Theory]
    [InlineData("""{"eos_token": "."}""", null, null, "tokenizer_config.json: eos_token: is not followed: token 46, \".\", is a word of texts")]
    [InlineData("""{"eos_token": {"content": "."}}""", null, null, "eos_token.content: is not followed: token 46, \".\", is a word of texts")]
    [InlineData("""{"bos_token": "ll"}""", null, null, "bos_token: is not followed: token 256, \"ll\", is a word of texts")]
    [InlineData(null, """{"eos_token_id": 46}""", null, "config.json: eos_token_id: is not followed: token 46, \".\", is a word of texts")]
    [InlineData(null, """{"bos_token_id": 256}""", null, "bos_token_id: is not followed: token 256")]
    [InlineData(null, null, """{"eos_token_id": [301, 10]}""", "generation_config.json: eos_token_id[1]: is not followed: token 10, \"\\n\", is a word of texts")]
    [InlineData(null, """{"eos_token_id": 400}""", null, "config.json: eos_token_id: id 400 is not used: ")]
    public void A_word_ends_no_text_whoever_names_it_and_a_notice_says_so(
        string? tokenizer, string? model, string? generation, string notice)
    {
        var loaded = Load(Marked(), tokenizer, model, generation);

        Assert.Contains(notice, Assert.Single(Notices(loaded)), StringComparison.Ordinal);
        Assert.DoesNotContain(Dot, loaded.EosIds);
        Assert.All(loaded.EosIds, id => Assert.True(loaded.IsSpecial(id)));
        Assert.True(loaded.BosId is not { } bos || loaded.IsSpecial(bos));
        Assert.Equal("."u8.ToArray(), loaded.TokenBytes(Dot).ToArray());
    }

    /// <summary>LLaMA 2 has two tokens for a full stop, of which the byte comes first and is not the one that texts are spelt with.</summary>
    [Fact]
    public void A_full_stop_named_as_the_end_is_no_byte_token()
    {
        var json = TokenizerJson.ByteFallback("▁a.");
        var (stop, stopByte) = (json["model"]!["vocab"]!["."]!.GetValue<int>(), json["model"]!["vocab"]!["<0x2E>"]!.GetValue<int>());
        var loaded = Load(json, """{"eos_token": "."}""", null, null);

        Assert.Empty(loaded.EosIds);
        Assert.Contains($"token {stop}, \".\"", Assert.Single(Notices(loaded)), StringComparison.Ordinal);
        Assert.False(loaded.IsSpecial(stopByte));
    }

    [Fact]
    public void An_entry_that_no_text_is_spelt_with_can_end_a_text_and_is_no_text_then()
    {
        var json = TokenizerJson.ByteLevel();
        json["model"]!["vocab"]!["</s>"] = 256;
        json["added_tokens"] = new JsonArray(TokenizerJson.Added(257, "stop", special: false, normalized: false));
        var byName = Load(json, """{"eos_token": "</s>"}""", null, null);
        var byId = Load(json, null, """{"eos_token_id": [256, 257]}""", null);

        Assert.Equal([256], byName.EosIds);
        Assert.Equal([256, 257], byId.EosIds);
        Assert.True(byName.IsSpecial(256) && byId.IsSpecial(256) && byId.IsSpecial(257));
        Assert.Equal("</s>", byName.TokenText(256));
        Assert.Equal([.. "stop".Select(letter => (int)letter)], byId.Encode("stop", addBos: false));
        Assert.Equal([257], byId.Encode("stop", addBos: false, parseSpecial: true));
        Assert.Equal([257], byName.Encode("stop", addBos: false));
    }

    [Theory]
    [InlineData("""{"eos_token_id": "301"}""", "eos_token_id: \"301\" is no token id")]
    [InlineData("""{"eos_token_id": [[301]]}""", "eos_token_id[0]: a list is no token id")]
    [InlineData("""{"eos_token_id": [null]}""", "eos_token_id[0]: null is no token id")]
    [InlineData("""{"eos_token_id": -1}""", "eos_token_id: -1 is no token id")]
    [InlineData("""{"eos_token_id": 301.5}""", "eos_token_id: 301.5 is no token id")]
    [InlineData("""{"eos_token_id": true}""", "eos_token_id: true is no token id")]
    [InlineData("""{"a3_first_token": 46}""", "a3_first_token: id 46 is no special token of")]
    [InlineData("""{"a3_first_token": 4000}""", "a3_first_token: id 4000 is no special token of")]
    [InlineData("""{"a3_first_token": "<e>"}""", "a3_first_token: \"<e>\" is no token id")]
    public void What_is_no_id_is_an_error(string config, string message)
    {
        foreach (var name in (string[])["config.json", "generation_config.json"])
        {
            if (name == "config.json" || config.Contains("eos", StringComparison.Ordinal))
            {
                var error = Assert.Throws<TokenizerException>(() => name == "config.json"
                    ? Load(Marked(), null, config, null)
                    : Load(Marked(), null, null, config));
                Assert.Contains($"{name}: {message}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(false, null, new int[0])]
    [InlineData(true, null, new[] { Begin })]
    [InlineData(false, true, new[] { Begin })]
    [InlineData(true, false, new int[0])]
    public void A_text_begins_with_BOS_where_the_tokenizer_s_own_rules_put_one(bool template, bool? adds, int[] expected)
    {
        var json = Marked();
        json["post_processor"] = template ? TokenizerJson.Template("<b>", Begin) : null;
        var added = adds is { } flag ? $$""", "add_bos_token": {{(flag ? "true" : "false")}}""" : "";
        var loaded = Load(json, $$"""{"bos_token": "<b>"{{added}}}""", null, null);

        Assert.Equal(expected, loaded.Prefix);
        Assert.Equal((Begin, Begin), (loaded.BosId, loaded.FirstId));
        Assert.Equal([Begin, 'a'], loaded.Encode("a", addBos: true));
    }

    [Fact]
    public void A_BOS_that_nobody_names_cannot_be_put_and_a_notice_says_so()
    {
        var loaded = Load(Marked(), """{"add_bos_token": true}""", null, null);

        Assert.Empty(loaded.Prefix);
        Assert.Contains("add_bos_token: is true, but no file names a BOS token", Assert.Single(Notices(loaded)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"bos_token_id": 300, "eos_token_id": 301}""", Begin)]
    [InlineData("""{"bos_token_id": null, "eos_token_id": [301, 302]}""", End)]
    [InlineData("""{"bos_token_id": 300, "eos_token_id": 301, "a3_first_token": 302}""", Turn)]
    [InlineData("{}", null)]
    public void Two_streams_begin_with_BOS_else_with_the_end_of_text_unless_config_json_says_another(string config, int? expected)
        => Assert.Equal(expected, Load(Marked(), null, config, null).FirstId);

    [Fact]
    public void Law_15_Special_tokens_spelt_in_a_text_are_characters_unless_parsing_them_is_asked_for()
    {
        var json = TokenizerJson.ByteLevel("< e", "<e >", "l l");
        json["pre_tokenizer"]!["use_regex"] = false;

        // Merges spell this special token, and a word taken whole would be it.
        json["added_tokens"] = new JsonArray(
            TokenizerJson.Special(257, "<e>"),
            TokenizerJson.Special(300, "<|x|>"),
            TokenizerJson.Added(301, "yes", special: false, normalized: false),
            TokenizerJson.Added(302, "no", special: true, normalized: true));
        foreach (var wholeWords in (bool[])[false, true])
        {
            json["model"]!["ignore_merges"] = wholeWords;
            var loaded = TokenizerJson.Load(json);
            var text = "<e>a<|x|>yes no";

            Assert.Equal([256, '>', 'a', '<', '|', 'x', '|', '>', 301, ' ', 'n', 'o'], loaded.Encode(text, addBos: false));
            Assert.Equal([257, 'a', 300, 301, ' ', 302], loaded.Encode(text, addBos: false, parseSpecial: true));
            Assert.Equal(loaded.Encode(text, addBos: false), loaded.EncodeContinuation(text));
            Assert.Equal([300], loaded.EncodeContinuation("<|x|>", parseSpecial: true));
            Assert.Equal(text, loaded.Decode(loaded.Encode(text, addBos: false)));
        }
    }

    [Fact]
    public void Words_carry_the_space_before_them_where_the_vocabulary_says_so()
    {
        Assert.False(TokenizerJson.Load(TokenizerJson.ByteLevel("l l")).AttachesSpaces);
        Assert.True(TokenizerJson.Load(TokenizerJson.ByteLevel("l l", "Ġ l", "Ġ Ġ")).AttachesSpaces);
        Assert.False(TokenizerJson.Load(TokenizerJson.ByteLevel("l Ġ", "Ġ Ġ")).AttachesSpaces);
        Assert.True(TokenizerJson.Load(TokenizerJson.ByteFallback("▁a", "▁ a")).AttachesSpaces);
    }

    [Fact]
    public void A_token_of_which_the_normalizer_leaves_nothing_is_never_met()
    {
        var json = TokenizerJson.ByteLevel("l l");
        json["added_tokens"] = new JsonArray(TokenizerJson.Added('q', "q", special: false, normalized: true));
        json["normalizer"] = JsonNode.Parse("""{"type": "Replace", "pattern": {"String": "q"}, "content": ""}""");
        var loaded = TokenizerJson.Load(json);

        Assert.Equal(['a', 256], loaded.Encode("qaqll", addBos: false));
        Assert.Equal("q", loaded.Decode(['q']));
    }

    private static JsonObject Marked()
    {
        var json = TokenizerJson.ByteLevel("l l");
        json["added_tokens"] = new JsonArray(
            TokenizerJson.Special(Begin, "<b>"), TokenizerJson.Special(End, "<e>"), TokenizerJson.Special(Turn, "<t>"));
        return json;
    }

    private static IReadOnlyList<string> Notices(ITokenizer tokenizer)
        => Assert.IsType<A3.Runtime.Tokenizers.BytePairTokenizer>(tokenizer).Notices;

    private static ITokenizer Load(JsonObject json, string? tokenizer, string? model, string? generation)
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        foreach (var (name, content) in (IEnumerable<(string, string?)>)
            [("tokenizer_config.json", tokenizer), ("config.json", model), ("generation_config.json", generation)])
        {
            if (content is not null)
            {
                File.WriteAllText(folder.File(name), content);
            }
        }

        return Tokenizer.Load(folder.Path);
    }
}

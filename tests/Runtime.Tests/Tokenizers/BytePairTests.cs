using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Cases small enough to check by hand.</summary>
public sealed class BytePairTests
{
    [Fact]
    public void Merges_apply_in_the_order_of_the_list_not_of_the_text()
    {
        // h+e comes after l+l and e+ll, so "hell" is h, ell.
        var tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel("l l", "e ll", "h e"));

        Assert.Equal(['h', 257], tokenizer.Encode("hell", addBos: false));
        Assert.Equal([258, 'l', 'o'], tokenizer.Encode("helo", addBos: false));
    }

    [Fact]
    public void Merges_written_as_pairs_are_merges_written_as_text()
    {
        var json = TokenizerJson.ByteLevel("l l", "e ll", "h e");
        var merges = json["model"]!["merges"]!.AsArray();
        json["model"]!["merges"] = new JsonArray([.. merges.Select(merge => Pair(merge!.GetValue<string>().Split(' ')))]);

        Assert.Equal(['h', 257], TokenizerJson.Load(json).Encode("hell", addBos: false));

        static JsonNode Pair(string[] parts) => new JsonArray(parts[0], parts[1]);
    }

    [Theory]
    [InlineData(false, new int[] { 'h', 257 })]
    [InlineData(true, new int[] { 300 })]
    public void Ignore_merges_takes_a_word_of_the_vocabulary_whole(bool ignore, int[] expected)
    {
        var json = TokenizerJson.ByteLevel("l l", "e ll");
        json["model"]!["vocab"]!["hell"] = 300;
        json["model"]!["ignore_merges"] = ignore;

        Assert.Equal(expected, TokenizerJson.Load(json).Encode("hell", addBos: false));
    }

    [Fact]
    public void Special_tokens_are_found_in_the_text_the_longest_first()
    {
        var json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(
            TokenizerJson.Special(300, "<a>"), TokenizerJson.Special(301, "<a><b>"), TokenizerJson.Added(302, "dog", false, true));
        var tokenizer = TokenizerJson.Load(json);

        Assert.Equal([301, 'x', 300, ' ', 302, 's'], tokenizer.Encode("<a><b>x<a> dogs", addBos: false, parseSpecial: true));
        Assert.Equal("x dogs", tokenizer.Decode([301, 'x', 300, ' ', 302, 's']));
        Assert.Equal(303, tokenizer.VocabularySize);
        Assert.Equal(("<a>", true, "dog", false), (tokenizer.TokenText(300), tokenizer.IsSpecial(300), tokenizer.TokenText(302), tokenizer.IsSpecial(302)));
    }

    [Fact]
    public void Added_tokens_are_found_as_by_trying_each_at_every_place()
    {
        var contents = Gen.Elements("a", "b", "ab").NonEmptyListOf().Select(parts => string.Concat(parts)).ListOf();
        var texts = Gen.Elements("a", "b", "c").ListOf().Select(parts => string.Concat(parts));
        Prop.ForAll(Gen.Zip(contents, texts).ToArbitrary(), input =>
        {
            AddedToken[] tokens = [.. input.Item1.Distinct().Select((content, id) => new AddedToken(content, content, id, true, false, false, false, false))];
            var found = new AddedTokens(tokens).Split(input.Item2).Select(part => (part.Text, part.Token?.Id)).ToList();
            return found.SequenceEqual(Tried(tokens, input.Item2));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

        static IEnumerable<(string, int?)> Tried(AddedToken[] tokens, string text)
        {
            var plain = "";
            while (text.Length > 0)
            {
                var longest = tokens.Where(token => text.StartsWith(token.Content, StringComparison.Ordinal)).MaxBy(token => token.Content.Length);
                if (longest is null)
                {
                    (plain, text) = (plain + text[0], text[1..]);
                    continue;
                }

                if (plain.Length > 0)
                {
                    yield return (plain, null);
                }

                yield return (longest.Content, longest.Id);
                (plain, text) = ("", text[longest.Content.Length..]);
            }

            if (plain.Length > 0)
            {
                yield return (plain, null);
            }
        }
    }

    [Fact]
    public void Added_tokens_strip_and_stand_alone_as_they_say()
    {
        var json = TokenizerJson.ByteLevel();
        var (stripping, alone) = (TokenizerJson.Special(300, "<m>"), TokenizerJson.Special(301, "cat"));
        (stripping["lstrip"], stripping["rstrip"], alone["single_word"]) = (true, true, true);
        json["added_tokens"] = new JsonArray(stripping, alone);
        var tokenizer = TokenizerJson.Load(json);

        Assert.Equal(['a', 300, 'b'], tokenizer.Encode("a  <m> \n b", addBos: false, parseSpecial: true));
        Assert.Equal(['c', 'a', 't', 's', ' ', 301, '!'], tokenizer.Encode("cats cat!", addBos: false, parseSpecial: true));
    }

    [Fact]
    public void The_template_says_what_begins_a_text()
    {
        var json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(TokenizerJson.Special(300, "<|begin|>"));
        json["post_processor"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["processors"] = new JsonArray(new JsonObject { ["type"] = "ByteLevel" }, TokenizerJson.Template("<|begin|>", 300)),
        };
        var tokenizer = TokenizerJson.Load(json);

        Assert.Equal(300, tokenizer.BosId);
        Assert.Null(tokenizer.EosId);
        Assert.Equal([300, 'a'], tokenizer.Encode("a", addBos: true));
        Assert.Equal(['a'], tokenizer.EncodeContinuation("a"));
    }

    [Theory]
    [InlineData("""{"bos_token": "<b>", "eos_token": {"content": "<e>"}}""", null)]
    [InlineData(null, """{"bos_token_id": 300, "eos_token_id": [301, 300]}""")]
    [InlineData("""{"bos_token": "<b>", "eos_token": null}""", """{"bos_token_id": 301, "eos_token_id": 301}""")]
    public void The_files_beside_it_name_begin_and_end_where_the_tokenizer_does_not(string? tokenizerConfig, string? config)
    {
        var json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(TokenizerJson.Special(300, "<b>"), TokenizerJson.Special(301, "<e>"));
        using var folder = new Folder();
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        foreach (var (name, content) in (IEnumerable<(string, string?)>)[("tokenizer_config.json", tokenizerConfig), ("config.json", config)])
        {
            if (content is not null)
            {
                File.WriteAllText(folder.File(name), content);
            }
        }

        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.Equal((300, 301), (tokenizer.BosId, tokenizer.EosId));
        Assert.Equal([300, 'a'], tokenizer.Encode("a", addBos: true));
    }

    [Fact]
    public void Without_a_begin_token_none_can_be_added()
    {
        var tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());
        var error = Assert.Throws<TokenizerException>(() => tokenizer.Encode("a", addBos: true));

        Assert.EndsWith("names no BOS token; encode without BOS or name one in tokenizer_config.json (bos_token).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Characters_outside_the_vocabulary_fall_back_to_bytes()
    {
        var tokenizer = TokenizerJson.Load(TokenizerJson.ByteFallback("▁a", "▁ a"));
        var (space, a, spaceA, firstByte) = (259, 260, 261, 3);

        Assert.Equal([1, spaceA, firstByte + 0xC3, firstByte + 0xA9, a], tokenizer.Encode("aéa", addBos: true));
        Assert.Equal([space, spaceA], tokenizer.Encode(" a", addBos: false));
        Assert.Equal([a, spaceA], tokenizer.EncodeContinuation("a a"));
        Assert.Equal((" a", "a"), (tokenizer.DecodeContinuation([spaceA]), tokenizer.Decode([spaceA])));
        Assert.Equal(("<0xC3>", "é"), (tokenizer.TokenText(firstByte + 0xC3), tokenizer.Decode([firstByte + 0xC3, firstByte + 0xA9])));
        Assert.Empty(tokenizer.Encode("", addBos: false));
    }

    [Theory]
    [InlineData(true, new int[] { 1, 2, 1 })]
    [InlineData(false, new int[] { 1, 2, 2, 1 })]
    public void A_run_of_unknown_characters_is_one_token_where_the_file_says_so(bool fuse, int[] expected)
    {
        var json = TokenizerJson.ByteFallback("▁a");
        json["model"]!["byte_fallback"] = false;
        json["model"]!["fuse_unk"] = fuse;
        json["normalizer"] = null;
        json["added_tokens"] = new JsonArray();
        json["post_processor"] = null;
        json["model"]!["vocab"] = new JsonObject { ["b"] = 0, ["a"] = 1, ["<unk>"] = 2 };

        Assert.Equal(expected, TokenizerJson.Load(json).Encode("ayza", addBos: false));
    }

    [Fact]
    public void A_text_that_the_vocabulary_cannot_express_is_an_error_that_shows_the_character()
    {
        var json = TokenizerJson.ByteFallback("▁a");
        json["model"]!["byte_fallback"] = false;
        json["model"]!["unk_token"] = null;
        var error = Assert.Throws<TokenizerException>(() => TokenizerJson.Load(json).Encode("aé", addBos: false));

        Assert.EndsWith("no token stands for 'é' (U+00E9) of the text, and there is no unknown token.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metaspace_marks_the_first_word_only_where_a_text_begins()
    {
        var json = TokenizerJson.ByteFallback("▁ab", "▁ a");
        json["normalizer"] = null;
        json["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = "first", ["split"] = true };
        json["decoder"] = JsonNode.Parse("""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}""");
        var tokenizer = TokenizerJson.Load(json);
        var (a, b, spaceA) = (260, 261, 262);

        Assert.Equal([spaceA, b, spaceA], tokenizer.Encode("ab a", addBos: false));
        Assert.Equal([a, b, spaceA], tokenizer.EncodeContinuation("ab a"));
        Assert.Equal([spaceA, 2, a], tokenizer.Encode("a</s>a", addBos: false, parseSpecial: true));
        Assert.Equal("ab a", tokenizer.Decode([spaceA, b, spaceA]));
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_an_error()
    {
        var tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());

        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([0, 256]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenBytes(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenText(int.MaxValue));
    }

    [Fact]
    public void The_merge_loop_does_what_repeated_search_for_the_best_pair_does()
    {
        var merges = Gen.Zip(Gen.Choose(0, 6), Gen.Choose(0, 6)).ListOf().Select(pairs => pairs.ToArray());
        var symbols = Gen.Choose(0, 3).ListOf().Select(list => list.ToArray());
        Prop.ForAll(Gen.Zip(merges, symbols).ToArbitrary(), input =>
        {
            var ((pairs, word), table) = (input, new MergeTable(8));
            for (var rank = 0; rank < pairs.Length; rank++)
            {
                table.Add(pairs[rank].Item1, pairs[rank].Item2, new Merge(rank, 4 + rank));
            }

            var merged = word.ToList();
            table.Apply(merged);
            return merged.SequenceEqual(Reference(pairs, word));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    /// <summary>A merge loop that searches the whole word for each merge would need hours here.</summary>
    [Fact]
    public void A_word_of_a_megabyte_encodes()
    {
        var tokenizer = TokenizerJson.Load(TokenizerJson.ByteFallback("▁ab", "a a", "aa aa", "aaaa aaaa", "▁ aaaaaaaa"));
        var text = new string('a', 1_000_000);

        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addBos: true)));
    }

    private static List<int> Reference((int, int)[] pairs, int[] word)
    {
        var symbols = word.ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, symbols.Count - 1))
                .Select(index => (Rank: Array.LastIndexOf(pairs, (symbols[index], symbols[index + 1])), Index: index))
                .Where(candidate => candidate.Rank >= 0)
                .DefaultIfEmpty((Rank: -1, Index: -1))
                .Min();
            if (best.Index < 0)
            {
                return symbols;
            }

            symbols[best.Index] = 4 + best.Rank;
            symbols.RemoveAt(best.Index + 1);
        }
    }
}

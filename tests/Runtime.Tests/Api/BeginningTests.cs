using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>What texts begin with, through the content stream and for two streams, and what ends them.</summary>
public sealed class BeginningTests
{
    private const int Begin = 300;
    private const int End = 301;
    private const int Turn = 302;

    [Fact]
    public void The_content_stream_begins_with_BOS_only_where_the_tokenizer_s_own_rules_put_one()
    {
        using var ruled = Model(queryStream: false, template: true);
        using var free = Model(queryStream: false);

        Assert.Equal([Begin, 'T', 'o'], ruled.Generate("To", 3).Tokens.Take(3).Select(token => token.Token));
        Assert.Equal(['T', 'o'], free.Generate("To", 3).Tokens.Take(2).Select(token => token.Token));
        Assert.Equal(5, free.Generate("To", 3, new() { Seed = 1 }).Tokens.Length);
        Assert.StartsWith("To", free.Generate("To", 3).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_causal_score_without_BOS_begins_with_the_second_token_and_names_the_first()
    {
        using var ruled = Model(queryStream: false, template: true);
        using var free = Model(queryStream: false);
        var (whole, rest) = (ruled.ScoreCausal("llama"), free.ScoreCausal("llama"));

        Assert.Equal((5, 4, null), (whole.Bytes, whole.Tokens.Length, whole.Given));
        Assert.Equal((3, 3, 256), (rest.Bytes, rest.Tokens.Length, rest.Given));
        Assert.Equal(["a", "m", "a"], rest.Tokens.Select(token => free.Tokenizer.TokenText(token.Token)));
        Assert.Equal([1, 2, 3], rest.Tokens.Select(token => token.Position));
        Assert.Contains("nothing to score", Assert.ThrowsAny<A3Exception>(() => free.ScoreCausal("l")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generating_from_nothing_is_refused_where_nothing_stands_before_a_text()
    {
        using var ruled = Model(queryStream: false, template: true);
        using var free = Model(queryStream: false);
        var error = Assert.ThrowsAny<A3Exception>(() => free.Generate("", 3));

        Assert.StartsWith("There is nothing to continue: the tokenizer's own rules put no BOS before a text", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, ruled.Generate("", 3, new() { Seed = 2 }).Tokens.Length);
    }

    [Theory]
    [InlineData("<b>", null, Begin)]
    [InlineData(null, null, End)]
    [InlineData("<b>", Turn, Turn)]
    public void Two_streams_begin_with_BOS_else_with_the_end_of_text_or_as_config_json_says(string? bos, int? first, int expected)
    {
        using var model = Model(queryStream: true, bos: bos, first: first);
        var text = model.Infill("To {2} a", new() { Policy = Policy.Parse("singletons") });

        Assert.Equal(expected, text.Tokens[0].Token);
        Assert.Equal("", text.Tokens[0].Text);
        Assert.True(model.Score("To a", Grouping.Parse("singletons")).Partition!.IsEvidence(0));
    }

    [Fact]
    public void Without_BOS_and_end_of_text_two_streams_have_nothing_to_begin_with()
    {
        using var model = new A3Model(new FakeNetwork(256), TokenizerJson.Load(TokenizerJson.ByteLevel()));

        Assert.Contains("names neither a BOS nor an end-of-text token", Assert.ThrowsAny<A3Exception>(() => model.Infill("a{2}b")).Message);
    }

    /// <summary>SentencePiece puts a space before a text; what follows one token without BOS is no beginning.</summary>
    [Fact]
    public void A_gap_behind_the_first_token_keeps_its_space_where_no_BOS_stands_before()
    {
        var json = TokenizerJson.ByteFallback("▁a", "▁ a");
        json["post_processor"] = null;
        using var model = new A3Model(new FakeNetwork(262, queryStream: false), Loaded(json, """{"bos_token": "<s>"}"""));
        var text = model.Generate("a", 1, new() { Constraint = TokenConstraint.Only(261) });

        Assert.Equal(("a a", " a"), (text.Text, text.Gaps[0].Text));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_token_that_a_file_names_ends_a_text(bool queryStream)
    {
        using var model = Model(queryStream);
        foreach (var end in (int[])[End, Turn])
        {
            var text = model.Generate("To", 4, new() { Constraint = TokenConstraint.Only(end) });

            Assert.Equal("To", text.Text);
            Assert.Equal("", text.Gaps[0].Text);
        }
    }

    /// <summary>Weights of more tokens than the tokenizer knows: the others can be drawn where special tokens may, and have no text.</summary>
    [Fact]
    public void Every_token_of_the_network_can_be_drawn_shown_and_scored()
    {
        using var folder = new Folder();
        const int Known = 300;
        TinyCheckpoint.In(folder, vocabulary: Known + 50);
        using var model = A3Model.Load(folder.Path);
        int[] unknown = [.. Enumerable.Range(Known, 50)];
        int[] given = model.Tokenizer.Encode("Tom had", addBos: true);
        var partition = Partition.OfGroups([[.. Enumerable.Range(0, given.Length)], [given.Length], [given.Length + 1]], 1);
        var options = new DecodingOptions { AllowSpecialTokens = true, Constraint = TokenConstraint.Only(unknown) };
        var text = model.Prepare([.. given, 0, 0], partition, options).Complete(TestContext.Current.CancellationToken);
        int[] ids = [.. text.Tokens.Select(token => token.Token)];

        Assert.Equal("Tom had", text.Text);
        Assert.Subset(unknown.ToHashSet(), ids[given.Length..].ToHashSet());
        Assert.Equal((2, 0), (model.Score(ids, partition).Tokens.Length, model.Score(ids, partition).Bytes));
        Assert.Equal("<unused 320>", model.Tokenizer.TokenText(320));
        Assert.All(Enumerable.Range(0, Known + 50), id => Assert.NotEmpty(model.Tokenizer.TokenText(id)));
    }

    private static A3Model Model(bool queryStream, bool template = false, string? bos = "<b>", int? first = null)
    {
        var json = TokenizerJson.ByteLevel("l l");
        json["added_tokens"] = new JsonArray(
            TokenizerJson.Special(Begin, "<b>"), TokenizerJson.Special(End, "<e>"), TokenizerJson.Special(Turn, "<t>"));
        json["post_processor"] = template ? TokenizerJson.Template("<b>", Begin) : null;
        var named = new JsonObject { ["bos_token"] = bos };
        var config = new JsonObject { ["eos_token_id"] = new JsonArray(End, Turn), ["a3_first_token"] = first };
        return new(new FakeNetwork(303, queryStream: queryStream), Loaded(json, named.ToJsonString(), config.ToJsonString()));
    }

    private static ITokenizer Loaded(JsonObject json, string tokenizerConfig, string config = "{}")
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString(), new UTF8Encoding(false));
        File.WriteAllText(folder.File("tokenizer_config.json"), tokenizerConfig);
        File.WriteAllText(folder.File("config.json"), config);
        return Tokenizer.Load(folder.Path);
    }
}

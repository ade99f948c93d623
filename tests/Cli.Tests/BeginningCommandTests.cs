using System.Text.Json.Nodes;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Commands over a tokenizer whose own rules put no BOS before a text.</summary>
public sealed class BeginningCommandTests : IDisposable
{
    private readonly Folder folder = new();

    public BeginningCommandTests()
    {
        TinyCheckpoint.In(folder, queryStream: false);
        var path = folder.File("tokenizer_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["add_bos_token"] = false;
        File.WriteAllText(path, json.ToJsonString());
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_causal_score_names_the_token_that_is_given()
    {
        var shown = CommandLine.Run("score", "Tom had a ball.", "--model", folder.Path);
        var json = CommandLine.Run("score", "Tom had a ball.", "--model", folder.Path, "--json").Json()[0];
        using var model = A3Model.Load(folder.Path);
        var first = model.Tokenizer.TokenText(model.Tokenizer.Encode("Tom had a ball.", addBos: false)[0]);

        Assert.Equal(0, shown.Code);
        Assert.Contains("the first token: this tokenizer puts no BOS before it", shown.Out, StringComparison.Ordinal);
        Assert.Equal(first, json.GetProperty("given").GetProperty("token").GetString());
        Assert.Equal("Tom had a ball.".Length - first.Length, json.GetProperty("bytes").GetInt32());
    }

    [Fact]
    public void Generating_from_nothing_is_refused_in_one_line()
    {
        var run = CommandLine.Run("generate", "", "--length", "4", "--model", folder.Path);

        Assert.NotEqual(0, run.Code);
        Assert.Equal("", run.Out);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.DoesNotContain("defect", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_the_given_token_alone_has_nothing_to_score()
    {
        var run = CommandLine.Run("score", "T", "--model", folder.Path);

        Assert.DoesNotContain("NaN", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", run.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, run.Code);
    }
}

using System.Text.Json.Nodes;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>What `a3 inspect` says of the tokens that begin and end a text, and of files that are not followed.</summary>
public sealed class InspectTests : IDisposable
{
    private readonly Folder folder = new();

    public InspectTests() => TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Inspect_shows_what_texts_begin_and_end_with()
    {
        Change("config.json", json => json["eos_token_id"] = new JsonArray(2, 0));
        var shown = CommandLine.Run("inspect", folder.Path);
        var json = CommandLine.Run("inspect", folder.Path, "--json").Json()[0].GetProperty("tokenizers")[0];

        Assert.Contains("BOS <s> (1), EOS </s> (2), <pad> (0)", shown.Out, StringComparison.Ordinal);
        Assert.Contains("a text begins with <s> (1) by the tokenizer's own rules", shown.Out, StringComparison.Ordinal);
        Assert.Contains("first token", shown.Out, StringComparison.Ordinal);
        Assert.Equal("[2,0]", json.GetProperty("eos").GetRawText());
        Assert.Equal(1, json.GetProperty("first_token").GetInt32());
    }

    [Fact]
    public void The_first_token_that_config_json_names_is_shown_and_begins_every_text()
    {
        Change("config.json", json => json["a3_first_token"] = 0);
        var run = CommandLine.Run("inspect", folder.Path);

        Assert.Contains("first token", run.Out, StringComparison.Ordinal);
        Assert.Contains("<pad> (0)", run.Out, StringComparison.Ordinal);
        using var model = A3Model.Load(folder.Path);
        Assert.Equal(0, model.Infill("Tom had {2} ball.").Tokens[0].Token);
        Assert.Equal(0, model.Score("Tom had a ball.", Grouping.Parse("singletons")).Partition!.Ranks[0]);
    }

    [Fact]
    public void Files_that_are_not_followed_are_noted_on_standard_error_whatever_reads_the_result()
    {
        Change("tokenizer_config.json", json => json["eos_token"] = ".");
        foreach (var arguments in (string[][])
            [["inspect", folder.Path], ["inspect", folder.Path, "--json"], ["infill", "Tom had {2} ball.", "--model", folder.Path],
                ["score", "Tom ran.", "--model", folder.Path, "--json"]])
        {
            var run = CommandLine.Run(arguments);
            Assert.Equal(0, run.Code);
            Assert.Contains("eos_token: is not followed: token", run.Error, StringComparison.Ordinal);
            Assert.StartsWith("note: ", run.Error, StringComparison.Ordinal);
        }

        Assert.Contains("is not followed", CommandLine.Run("inspect", folder.Path, "--json").Json()[0].GetProperty("notices")[0].GetString());
    }

    private void Change(string name, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(folder.File(name)))!.AsObject();
        change(json);
        File.WriteAllText(folder.File(name), json.ToJsonString());
    }
}

using System.Text.Json.Nodes;
using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>What sequences begin and end with where the tokenizer has no BOS, and where it has several ends.</summary>
public sealed class FirstTokenTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string initial;

    public FirstTokenTests()
    {
        initial = ToyRun.Base(folder);
        Change("tokenizer.json", json => json["post_processor"] = null);
        Change("tokenizer_config.json", json => json.Remove("bos_token"));
        Change("config.json", json => (json["bos_token_id"], json["eos_token_id"]) = (null, new JsonArray(2, 0)));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_run_without_BOS_begins_every_sequence_with_the_end_of_text_and_says_so_in_config_json()
    {
        var options = ToyRun.Options(folder, "adapted") with { Initial = initial, Tokens = 500 };
        ToyRun.Train(options);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(options.Output, "config.json")))!;
        using var model = A3Model.Load(options.Output);

        Assert.Equal(2, config["a3_first_token"]!.GetValue<int>());
        Assert.Null(config["bos_token_id"]);
        Assert.Equal([2, 0], model.Tokenizer.EosIds);
        Assert.Empty(model.Tokenizer.Prefix);
        Assert.Equal(2, model.Infill("Tom had {2} ball.").Tokens[0].Token);
    }

    [Fact]
    public void A_run_with_BOS_needs_no_word_about_it()
    {
        using var other = new Folder();
        var options = ToyRun.Options(other) with { Tokens = 500 };
        ToyRun.Train(options);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(options.Output, "config.json")))!.AsObject();

        Assert.False(config.ContainsKey("a3_first_token"));
        Assert.Equal((1, 2), (config["bos_token_id"]!.GetValue<int>(), config["eos_token_id"]!.GetValue<int>()));
    }

    private void Change(string name, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(initial, name)))!.AsObject();
        change(json);
        File.WriteAllText(Path.Combine(initial, name), json.ToJsonString());
    }
}

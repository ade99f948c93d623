using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Rows of <c>a3 score --batch</c>, and <c>parts</c> in rows of both batches.</summary>
public sealed class ScoreBatchTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public ScoreBatchTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_row_gives_what_the_text_gives_alone()
    {
        var rows = Batch(
            """{"text":"Tom had [[a]] ball."}""",
            """{"template":"Tom had a [[red]] ball.","grouping":"right-to-left | singletons"}""",
            """{"parts":["Tom had a ",{"score":"red"}," ball."],"grouping":"right-to-left | singletons"}""",
            """{"text":"Tom had","end":true}""",
            """{"template":"Tom had a ___ ball.","alternatives":["red","big"]}""");

        Assert.Equal(Alone("Tom had [[a]] ball.", "--plain"), Number(rows[0]));
        Assert.Equal(Alone("Tom had a [[red]] ball.", "--grouping", "right-to-left | singletons"), Number(rows[1]));
        Assert.Equal(Number(rows[1]), Number(rows[2]));
        Assert.Equal(Alone("Tom had", "--end"), Number(rows[3]));
        Assert.Equal(2, rows[4].GetProperty("alternatives").GetArrayLength());
    }

    [Fact]
    public void What_infilling_wrote_of_a_row_is_scored_as_it_reported()
    {
        var input = folder.File("parts.jsonl");
        File.WriteAllText(input, """{"parts":["Tom ha",{"gap":3},"ll, {} and \\ ___"],"temperature":3,"top-p":1}""");
        var filled = CommandLine.Run("infill", "--batch", input, "--model", model).Json()[0];
        var row = JsonSerializer.Serialize(new
        {
            tokens = filled.GetProperty("ids"),
            partition = filled.GetProperty("partition"),
            borders = filled.GetProperty("borders"),
        });

        Assert.StartsWith("Tom ha", filled.GetProperty("text").GetString());
        Assert.EndsWith("ll, {} and \\ ___", filled.GetProperty("text").GetString());
        Assert.Equal(Number(filled), Number(Batch(row)[0]), 1e-9);
    }

    [Theory]
    [InlineData("""{"id":1}""", "expected one of the fields 'text', 'template', 'parts' and 'tokens'")]
    [InlineData("""{"text":"a","template":"b"}""", "expected one of the fields")]
    [InlineData("""{"text":"a","alternatives":["b"]}""", "'text' and 'alternatives'")]
    [InlineData("""{"text":"a","partition":"0"}""", "belong to 'tokens'")]
    [InlineData("""{"tokens":[1,99999]}""", "tokens[1] = 99999")]
    [InlineData("""{"tokens":[1.5]}""", "expected a whole number")]
    [InlineData("""{"parts":["a",{"gap":2}]}""", "texts to score")]
    [InlineData("""{"parts":["a",{"score":2}]}""", "expected a text")]
    [InlineData("""{"tokens":[1,5],"partition":"given 0 / 1","borders":[{"position":1,"side":"up","bytes":[32]}]}""", "borders as infill writes them")]
    public void A_row_that_asks_for_nothing_sound_gets_an_error_and_the_others_are_done(string row, string expected)
    {
        var rows = Batch(row, """{"text":"Tom had a ball."}""");

        Assert.Contains(expected, rows[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.True(Number(rows[1]) < 0);
    }

    private static double Number(JsonElement row) => row.GetProperty("log_probability").GetDouble();

    private double Alone(params string[] arguments) =>
        Number(CommandLine.Run(["score", .. arguments, "--json", "--model", model]).Json()[0]);

    private JsonElement[] Batch(params string[] rows)
    {
        var input = folder.File("rows.jsonl");
        File.WriteAllLines(input, rows);
        return [.. CommandLine.Run("score", "--batch", input, "--model", model).Json()];
    }
}

using System.Globalization;
using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>`a3 score` of one text under many orders, and of many texts for one gap.</summary>
public sealed class ScoreCommandTests : IDisposable
{
    private const string Text = "Tom had a red ball.";

    private readonly Folder folder = new();
    private readonly string model;

    public ScoreCommandTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) => CommandLine.Run(["score", .. arguments, "--model", model]);

    private static double Number(JsonElement json, string name) => json.GetProperty(name).GetDouble();

    private static JsonElement[] Ranked(CommandLine result) =>
        [.. result.Json()[0].GetProperty("alternatives").EnumerateArray()];

    [Fact]
    public void Scores_under_many_orders_are_those_of_the_library()
    {
        using var whole = A3Model.Load(model);
        var expected = whole.ScoreOrders(Text, 5, seed: 3);
        var json = Run(Text, "--orders", "5", "--seed", "3", "--json").Json()[0];
        var orders = json.GetProperty("orders").EnumerateArray().ToArray();

        Assert.Equal(["random 3", "random 4", "random 5", "random 6", "random 7"], orders.Select(order => order.GetProperty("order").GetString()));
        Assert.All(expected.LogProbabilities.Zip(orders), pair => Assert.Equal(pair.First, Number(pair.Second, "log_probability"), 1e-4));
        Assert.Equal(expected.Bound, Number(json, "bound"), 1e-4);
        Assert.Equal(expected.Mean, Number(json, "mean"), 1e-4);
        Assert.Equal(expected.Spread, Number(json, "spread"), 1e-4);
        Assert.Equal(-expected.Bound / Math.Log(2) / 19, Number(json, "bits_per_byte"), 1e-4);
    }

    [Fact]
    public void Marked_parts_have_a_score_under_each_order_given_the_rest()
    {
        const string Marked = "Tom had[[ a red]] ball.";
        var json = Run(Marked, "--orders", "2", "--json").Json()[0];
        var alone = Run(Marked, "--grouping", "random 2", "--json").Json()[0];

        Assert.Equal(Number(alone, "log_probability"), Number(json.GetProperty("orders")[1], "log_probability"), 1e-6);
        Assert.Equal(6, json.GetProperty("bytes").GetInt32());
    }

    [Fact]
    public void People_read_a_line_for_each_order_and_what_they_come_to()
    {
        var json = Run(Text, "--orders", "3", "--json").Json()[0];
        var lines = Run(Text, "--orders", "3").Out.TrimEnd().Split('\n');
        string Nats(string name) => Number(json, name).ToString("0.0000", CultureInfo.InvariantCulture);

        Assert.Equal("order     log-probability  bits per byte", lines[0].TrimEnd());
        Assert.Equal(["random 1", "random 2", "random 3"], lines[1..4].Select(line => line[..8]));
        Assert.StartsWith($"bound   {Nats("bound")} nats", lines[5]);
        Assert.StartsWith($"mean    {Nats("mean")} nats", lines[6]);
        Assert.StartsWith($"spread  {Nats("spread")} nats", lines[7]);
    }

    [Theory]
    [InlineData("left-to-right | singletons")]
    [InlineData("right-to-left | chunks 2")]
    public void Alternatives_are_ranked_as_the_library_ranks_them(string grouping)
    {
        using var whole = A3Model.Load(model);
        string[] texts = ["red ball", "cat", "small"];
        var expected = whole.Rank(Template.Parse("Tom had a ___. He was"), texts, Grouping.Parse(grouping)).Alternatives;
        var ranked = Ranked(Run(["Tom had a ___. He was", "--grouping", grouping, "--json", "--alternatives", .. texts]));

        Assert.Equal(expected.Select(each => each.Texts[0]), ranked.Select(each => each.GetProperty("text").GetString()));
        Assert.Equal(expected.Select(each => each.Index), ranked.Select(each => each.GetProperty("index").GetInt32()));
        Assert.All(expected.Zip(ranked), pair =>
        {
            Assert.Equal(pair.First.Probability, Number(pair.Second, "probability"), 1e-6);
            Assert.Equal(
                pair.First.Score.Tokens.Select(token => token.LogProbability),
                pair.Second.GetProperty("tokens").EnumerateArray().Select(token => Number(token, "log_probability")));
        });
    }

    [Fact]
    public void The_score_of_an_alternative_is_that_of_the_text_with_it_in_place()
    {
        var alternative = Ranked(Run("Tom had a ___ ball.", "--alternatives", "red", "--json"))[0];
        var score = Run("Tom had a [[red]] ball.", "--json").Json()[0];

        Assert.Equal(Number(score, "log_probability"), Number(alternative, "log_probability"), 1e-6);
    }

    [Fact]
    public void An_alternative_is_what_stands_between_the_given_parts()
    {
        string[] Texts(string template, params string[] texts) =>
        [
            .. Ranked(Run([template, "--json", "--alternatives", .. texts]))
                .Select(each => each.GetProperty("text").GetString()!)
                .Order(StringComparer.Ordinal),
        ];

        Assert.Equal(["red"], Texts("Tom had a ___ ball.", "red"));
        Assert.Equal([" red", "red"], Texts("Tom had a___ ball.", "red", " red"));
        Assert.Contains("repeats the space", Run("Tom had a ___ ball.", "--alternatives", " red").Error);
    }

    [Fact]
    public void Texts_for_several_gaps_are_ranked_together()
    {
        var ranked = Ranked(Run("Tom had a ___ and a ___.", "--alternatives", "ball", "cat", "red ball", "dog", "--json"));

        Assert.Equal(2, ranked.Length);
        Assert.All(ranked, each => Assert.Equal(2, each.GetProperty("texts").GetArrayLength()));
        Assert.Contains("3 texts for 2 gaps", Run("Tom had a ___ and a ___.", "--alternatives", "a", "b", "c").Error);
    }

    [Fact]
    public void Alternatives_may_come_from_a_file_one_a_line()
    {
        var path = folder.File("alternatives.txt");
        File.WriteAllText(path, "red\r\n\ncat\n");
        string[] template = ["Tom had a ___ ball.", "--alternatives-file", path];

        Assert.Equal(Run("Tom had a ___ ball.", "--alternatives", "red", "cat").Out, Run(template).Out);
        Assert.Equal(3, Ranked(Run([.. template, "--alternatives", "a", "--json"])).Length);
    }

    [Fact]
    public void People_read_alternatives_in_the_order_of_their_probability()
    {
        var ranked = Ranked(Run("Tom had a ___ ball.", "--alternatives", "red", "small cat", "--json"));
        var lines = Run("Tom had a ___ ball.", "--alternatives", "red", "small cat").Out.TrimEnd().Split('\n');

        Assert.Equal("probability  log-probability  per token  tokens  alternative", lines[0].TrimEnd());
        Assert.Equal("", lines[1 + ranked.Length]);
        Assert.StartsWith("together ", lines[2 + ranked.Length]);
        Assert.All(ranked.Zip(lines[1..]), pair =>
        {
            var total = Number(pair.First, "log_probability");
            var count = pair.First.GetProperty("tokens").GetArrayLength();
            var numbers = FormattableString.Invariant($"{100 * Number(pair.First, "probability"):0.0}%\\s+{total:0.0000}\\s+{total / count:0.0000}\\s+{count}");
            Assert.Matches($"^\\s*{numbers}  \"{pair.First.GetProperty("text").GetString()}\"$", pair.Second.TrimEnd());
        });
    }
}

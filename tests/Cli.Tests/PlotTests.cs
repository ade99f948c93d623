using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace A3.Cli.Tests;

public sealed class PlotTests
{
    private const string Manifest = """{"tokens": 1000, "curriculum": "stage 25 steps: words; stage rest: random"}""";

    private static string Line(long step, double loss, string validation = "") => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"step":{{step}},"tokens":{{step * 10}},"totalTokens":1000,"loss":{{loss}},"validation":{ {{validation}} } }""");

    /// <summary>A run of 100 steps of 10 tokens, validated twice; without a manifest where there is no text for it.</summary>
    private static string Run(Folder folder, string? manifest = Manifest, string measure = "any order", string last = "")
    {
        var lines = Enumerable.Range(1, 10).Select(
            i => Line(i * 10, 6 - (0.3 * i), i % 5 == 0 ? $"\"{measure}\":{5 - (i / 5)},\"left to right\":{4 - (i / 5)}" : ""));
        File.WriteAllText(folder.File("metrics.jsonl"), string.Join('\n', lines) + "\n" + last);
        if (manifest is not null)
        {
            File.WriteAllText(folder.File("training.json"), manifest);
        }

        return folder.Path;
    }

    private static XElement[] Elements(XDocument picture, string name, string? style = null) =>
        [.. picture.Descendants().Where(element => element.Name.LocalName == name && (style is null || element.Attribute("class")?.Value == style))];

    private static double Number(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    [Fact]
    public void A_run_gets_a_picture_and_a_page_that_need_nothing_else()
    {
        using var folder = new Folder();
        var plotted = CommandLine.Run("plot", Run(folder));
        var picture = XDocument.Load(folder.File("plot.svg"));
        var page = File.ReadAllText(folder.File("plot.html"));

        Assert.Equal(0, plotted.Code);
        Assert.Contains("100 steps, 1,000 tokens", plotted.Out, StringComparison.Ordinal);
        Assert.Equal(4, Elements(picture, "polyline").Length);
        Assert.Equal(["training, smoothed", "any order", "left to right"], Elements(picture, "text", "key").Select(key => key.Value));
        AssertCurvesAreWhereTheirLossesAre(picture);
        Assert.DoesNotMatch("src=|href=|@import|url\\((?!#plot)", page);
        Assert.Equal(1, page.Split("http").Length - 1);
        Assert.Contains("<code>stage rest: (random | singletons)</code>", page, StringComparison.Ordinal);
    }

    /// <summary>Each curve, in its colour, goes down by what its losses do between the lines of the grid.</summary>
    private static void AssertCurvesAreWhereTheirLossesAre(XDocument picture)
    {
        double[][] Points(string colour) =>
        [
            .. Assert.Single(Elements(picture, "polyline"), curve => curve.Attribute("stroke")!.Value == colour).Attribute("points")!.Value.Split(' ')
                .Select(point => point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()),
        ];

        double Height(double loss) => Number(
            Assert.Single(Elements(picture, "text", "row"), label => label.Value == loss.ToString(CultureInfo.InvariantCulture)), "y") - 3.5;

        var keys = Elements(picture, "text", "key").Zip(Elements(picture, "rect").Skip(1)).ToDictionary(pair => pair.First.Value, pair => pair.Second.Attribute("fill")!.Value);
        Assert.Equal(3, keys.Values.Distinct().Count());
        Assert.Equal([Height(4), Height(3)], Points(keys["any order"]).Select(point => point[1]), (one, other) => Math.Abs(one - other) < 0.1);
        Assert.Equal([Height(3), Height(2)], Points(keys["left to right"]).Select(point => point[1]), (one, other) => Math.Abs(one - other) < 0.1);
    }

    [Fact]
    public void Stages_begin_where_the_curriculum_says()
    {
        using var folder = new Folder();
        CommandLine.Run("plot", Run(folder));
        var picture = XDocument.Load(folder.File("plot.svg"));
        var border = Number(Assert.Single(Elements(picture, "line", "border")), "x1");
        var ends = Elements(picture, "line", "grid").Where(line => line.Attribute("y1")!.Value == line.Attribute("y2")!.Value).ToArray();
        var (left, right) = (Number(ends[0], "x1"), Number(ends[0], "x2"));

        Assert.Equal(left + (0.25 * (right - left)), border, 0.5);
        Assert.Equal([0, 250], Stages(folder));
        Assert.Equal(["stage 0", "stage 1"], Elements(picture, "text", "label").Select(label => label.Value));
    }

    [Fact]
    public void The_curriculum_that_the_run_recorded_in_full_counts()
    {
        using var folder = new Folder();
        Run(folder, """{"tokens": 1000, "curriculum": "mine", "record": {"curriculum": "stage 0.1: bisect; stage 0.9: random"}}""");

        Assert.Equal([0, 100], Stages(folder));
    }

    [Fact]
    public void A_run_without_its_manifest_has_curves_but_no_stages()
    {
        using var folder = new Folder();
        Run(folder, manifest: null);

        Assert.Empty(Stages(folder));
        Assert.Empty(Elements(XDocument.Load(folder.File("plot.svg")), "line", "border"));
    }

    [Fact]
    public void A_last_line_cut_short_by_a_kill_is_left_out()
    {
        using var folder = new Folder();
        var losses = CommandLine.Run("plot", Run(folder, last: "{\"step\":110,\"tok"), "--json").Json()[0].GetProperty("losses");

        Assert.Equal(3, losses.GetProperty("training batches").GetProperty("last").GetDouble(), 1e-9);
        Assert.Equal(4, losses.GetProperty("any order").GetProperty("first").GetDouble());
    }

    [Theory]
    [InlineData("plot", "--svg")]
    [InlineData("plot", "--html")]
    [InlineData("show", "--svg")]
    public void A_file_that_is_no_picture_of_ours_is_never_written_over(string command, string option)
    {
        using var folder = new Folder();
        var run = Run(folder);
        var (mine, theirs) = (folder.File("mine"), folder.File("theirs"));
        File.WriteAllText(theirs, "my notes");
        string[] Drawn(string file) => [command, command == "plot" ? run : "bisect", option, file];
        var refused = CommandLine.Run(Drawn(theirs));
        var twice = new[] { CommandLine.Run(Drawn(mine)), CommandLine.Run(Drawn(mine)) };

        Assert.Equal((1, ""), (refused.Code, refused.Out));
        Assert.Equal($"a3: {option} {theirs}: holds something else than a picture of a3; name another file, or delete that one.\n", refused.Error);
        Assert.Equal("my notes", File.ReadAllText(theirs));
        Assert.All(twice, drawn => Assert.Equal(0, drawn.Code));
    }

    [Fact]
    public void Names_are_text_in_picture_and_page()
    {
        using var folder = new Folder();
        CommandLine.Run("plot", Run(folder, measure: "</script><b>&"));

        Assert.Contains(Elements(XDocument.Load(folder.File("plot.svg")), "text", "key"), key => key.Value == "</script><b>&");
        Assert.Equal(1, File.ReadAllText(folder.File("plot.html")).Split("</script>").Length - 1);
    }

    [Fact]
    public void A_single_line_of_metrics_is_drawn()
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("metrics.jsonl"), Line(1, 5) + "\n");
        var plotted = CommandLine.Run("plot", folder.Path, "--svg", folder.File("one.svg"));

        Assert.Equal(0, plotted.Code);
        Assert.DoesNotContain("NaN", File.ReadAllText(folder.File("one.svg")), StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("plot.html")));
    }

    [Theory]
    [InlineData(1e38, -1e38)]
    [InlineData(1e38, 1e38)]
    [InlineData(1e-320, 0)]
    [InlineData(0, 0)]
    public void Every_number_that_is_read_can_be_drawn(double first, double last)
    {
        using var folder = new Folder();
        File.WriteAllText(folder.File("metrics.jsonl"), $"{Line(1, first)}\n{Line(2, last)}\n");
        var plotted = CommandLine.Run("plot", folder.Path);

        Assert.Equal(0, plotted.Code);
        Assert.DoesNotMatch("NaN|Infinity|∞", File.ReadAllText(folder.File("plot.svg")) + File.ReadAllText(folder.File("plot.html")));
    }

    [Theory]
    [InlineData("holds no metrics.jsonl", null, null)]
    [InlineData("holds no line of metrics yet", "", null)]
    [InlineData("line 1 is not a line of metrics", "{\"step\":1}\n{}\n", null)]
    [InlineData("line 2 is not a line of metrics", "GOOD\nnonsense\nGOOD\n", null)]
    [InlineData("line 2 is not a line of metrics (tokens = 1e308; a number in 0..", "GOOD\n{\"step\":2,\"tokens\":1e308,\"loss\":4,\"validation\":{}}\n", null)]
    [InlineData("line 1 is not a line of metrics (loss = 1e999; a number in ", "{\"step\":2,\"tokens\":1,\"loss\":1e999,\"validation\":{}}\n", null)]
    [InlineData("line 1 is not a line of metrics (any = -1e39; a number in ", "{\"step\":2,\"tokens\":1,\"loss\":1,\"validation\":{\"any\":-1e39}}\n", null)]
    [InlineData("training.json: not a manifest of a run (tokens = 0; ", "GOOD\n", "{\"tokens\": 0, \"curriculum\": \"infill\"}")]
    [InlineData("training.json: not a manifest of a run", "GOOD\n", "{}")]
    [InlineData("training.json: \"mine\", column 1", "GOOD\n", "{\"tokens\": 1000, \"curriculum\": \"mine\"}")]
    public void What_is_no_run_is_named(string expected, string? metrics, string? manifest)
    {
        using var folder = new Folder();
        if (metrics is not null)
        {
            File.WriteAllText(folder.File("metrics.jsonl"), metrics.Replace("GOOD", Line(1, 5), StringComparison.Ordinal));
        }

        if (manifest is not null)
        {
            File.WriteAllText(folder.File("training.json"), manifest);
        }

        var plotted = CommandLine.Run("plot", folder.Path);
        Assert.Equal((1, ""), (plotted.Code, plotted.Out));
        Assert.Contains(expected, plotted.Error, StringComparison.Ordinal);
        Assert.Single(plotted.Error.TrimEnd().Split('\n'));
    }

    private static double[] Stages(Folder folder)
    {
        var json = Assert.Single(CommandLine.Run("plot", folder.Path, "--svg", folder.File("plot.svg"), "--json").Json());
        return [.. json.GetProperty("stages").EnumerateArray().Select(start => start.GetDouble())];
    }
}

using System.Xml.Linq;
using Xunit;

namespace A3.Cli.Tests;

public sealed class ShowTests
{
    [Fact]
    public void A_partition_is_drawn_step_by_step_with_both_masks()
    {
        const string Expected = """
            given 0 | right-to-left | chunks 2
            4 positions, 2 groups to predict, so 2 forward passes

             step  positions  0
            given  0          #...
                0  2..3       +.##
                1  1          +#++

            content mask: rows that know their token    query mask: rows to predict

                 0123                                        0123
               0 #...                                      0 ....
               1 ####                                      1 #.##
               2 #.##                                      2 #...
               3 #.##                                      3 #...

            Each row attends to the marked columns.

            """;

        var shown = CommandLine.Run("show", "right-to-left | chunks 2", "--length", "4", "--given", "0");

        Assert.Equal(
            Expected.ReplaceLineEndings("\n").Split('\n'),
            shown.Out.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
        Assert.Equal((0, ""), (shown.Code, shown.Error));
    }

    [Fact]
    public void Masks_sorted_by_step_are_triangular()
    {
        var lines = CommandLine.Run("show", "random 3 | singletons", "--length", "6", "--sorted").Out.Split('\n');
        var rows = lines.SkipWhile(line => !line.StartsWith("content mask", StringComparison.Ordinal)).Skip(3).Take(6);

        Assert.Equal(
            ["#.....", "##....", "###...", "####..", "#####.", "######"], rows.Select(row => row.Substring(5, 6)));
    }

    [Fact]
    public void Json_holds_the_groups_and_the_masks()
    {
        var json = Assert.Single(CommandLine.Run("show", "right-to-left | chunks 2", "--length", "3", "--json").Json());

        Assert.Equal("[[1,2],[0]]", json.GetProperty("groups").GetRawText());
        Assert.Equal("[[0,1,2],[1,2],[1,2]]", json.GetProperty("content_mask").GetRawText());
        Assert.Equal("[[1,2],[],[]]", json.GetProperty("query_mask").GetRawText());
    }

    [Theory]
    [InlineData("random 7 | chunks 4", "16")]
    [InlineData("given 0..3 | bisect", "40")]
    [InlineData("infill", "32")]
    public void A_picture_is_well_formed_and_needs_nothing_else(string specification, string length)
    {
        using var folder = new Folder();
        var path = folder.File("groups.svg");
        CommandLine.Run("show", specification, "--length", length, "--svg", path);
        var picture = XDocument.Load(path);
        Assert.Equal("svg", picture.Root!.Name.LocalName);
        Assert.DoesNotContain("href", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Contains(picture.Descendants(), element => element.Name.LocalName == "rect");
    }

    [Fact]
    public void A_picture_marks_as_many_squares_as_the_masks_allow()
    {
        using var folder = new Folder();
        var path = folder.File("groups.svg");
        CommandLine.Run("show", "left-to-right | singletons", "--length", "4", "--svg", path);
        var squares = XDocument.Load(path).Descendants().Where(element => element.Name.LocalName == "path")
            .Sum(element => element.Attribute("d")!.Value.Count(letter => letter == 'z'));

        Assert.Equal(10 + 6, squares);
    }

    [Theory]
    [InlineData("right-to-left | chunks 2", false)]
    [InlineData("given 0..1 | random 3 | chunks 3", false)]
    [InlineData("given 0..1 | random 3 | chunks 3", true)]
    public void A_picture_has_the_squares_of_both_masks_at_their_places_in_the_colours_of_their_groups(string specification, bool sorted)
    {
        const int Length = 9;
        using var folder = new Folder();
        string[] show = ["show", specification, "--length", $"{Length}", "--svg", folder.File("groups.svg"), .. sorted ? ["--sorted"] : Array.Empty<string>()];
        var json = CommandLine.Run([.. show, "--json"]).Json()[0];
        var groups = Groups(json.GetProperty("groups"));
        var order = sorted ? groups.SelectMany(group => group).ToArray() : [.. Enumerable.Range(0, Length)];
        var masks = PictureSquares.Grids(folder.File("groups.svg"), Length);

        Assert.Equal(2, masks.Length);
        foreach (var (mask, name) in masks.Zip(["content_mask", "query_mask"]))
        {
            var allowed = Groups(json.GetProperty(name));
            var expected =
                from row in Enumerable.Range(0, Length)
                from column in Enumerable.Range(0, Length)
                where allowed[order[row]].Contains(order[column])
                select (row, column);
            Assert.Equal(expected, mask.Keys.Order());
        }

        // A column has the colour of its group, and every group a colour of its own.
        var colours = masks[0].ToLookup(square => Array.FindIndex(groups, group => group.Contains(order[square.Key.Column])), square => square.Value);
        Assert.All(colours, group => Assert.Single(group.Distinct()));
        Assert.Equal(groups.Length, colours.Select(group => group.First()).Distinct().Count());

        static int[][] Groups(System.Text.Json.JsonElement lists) =>
            [.. lists.EnumerateArray().Select(list => list.EnumerateArray().Select(item => item.GetInt32()).ToArray())];
    }

    [Fact]
    public void A_seed_redraws_what_is_random()
    {
        string Groups(string seed)
        {
            var shown = CommandLine.Run("show", "random | singletons", "--length", "12", "--seed", seed, "--json");
            return shown.Json()[0].GetProperty("groups").GetRawText();
        }

        Assert.Equal(Groups("5"), Groups("5"));
        Assert.NotEqual(Groups("5"), Groups("6"));
    }

    [Fact]
    public void Built_in_curricula_are_drawn_by_name()
    {
        var paper = Assert.Single(CommandLine.Run("show", "paper", "--json").Json());
        var sizes = paper.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("group_sizes"));

        Assert.Equal(
            ["1", "1 2 3 4", "3 4", "7 8"],
            sizes.Select(stage => string.Join(' ', stage.EnumerateObject().Select(size => size.Name))));
        Assert.All((string[])["ar", "direct", "infill", "masked-diffusion"], name => Assert.Equal(0, CommandLine.Run("show", name).Code));
        Assert.Equal(CommandLine.Run("show", "paper"), CommandLine.Run("show", "curriculum"));
    }

    [Fact]
    public void A_curriculum_is_drawn_for_a_run_of_some_length()
    {
        const string Stages = "curriculum stage 5 steps, content 0.5: words; stage rest, query 0, content 1: left-to-right";
        string[] run = ["show", Stages, "--tokens", "1000", "--batch-tokens", "50"];
        var stages = CommandLine.Run([.. run, "--json"]).Json()[0].GetProperty("stages").EnumerateArray().ToArray();
        var text = CommandLine.Run(run).Out;

        Assert.Equal([250, 750], stages.Select(stage => stage.GetProperty("tokens").GetInt32()));
        Assert.Equal([5, 15], stages.Select(stage => stage.GetProperty("steps").GetInt32()));
        Assert.Equal([0.5, 1], stages.Select(stage => stage.GetProperty("content_weight").GetDouble()));
        Assert.Contains($"   0  {new string('#', 10)}{new string(' ', 30)}   25%  250 tokens, 5 steps, query loss x 1, content loss x 0.5\n", text);
        Assert.Contains($"   1  {new string(' ', 10)}{new string('#', 30)}   75%  750 tokens, 15 steps, query loss x 0, content loss x 1\n", text);
    }

    [Fact]
    public void Large_groups_share_a_bar()
    {
        var text = CommandLine.Run("show", "curriculum all-at-once", "--length", "40").Out;

        Assert.Matches(@"(?m)^   33\.\.64  100%  #+$", text);
    }

    [Theory]
    [InlineData("grouping: 'coarsen 1' changes nothing: without it the meaning is the same.\n", "bisect | coarsen 1")]
    [InlineData("at 16 positions: 'within 20..30 bisect' changes nothing: without it the meaning is the same.\n", "within 20..30 bisect then right-to-left")]
    [InlineData("", "within 20..30 bisect then right-to-left", "--length", "40")]
    [InlineData("at 16 positions: 'given 20' changes nothing: without it the meaning is the same.\n", "bisect", "--given", "20")]
    [InlineData("curriculum: stage 0: component 1: '(random | chunks 4)' says the same as component 0; add their weights.\n", "curriculum random | chunks 4 + random | chunks 4")]
    [InlineData("curriculum: stage 1: 'stage 0.5: (left-to-right | singletons)' says the same as the stage before it; make that one longer.\n", "curriculum stage 0.5: left-to-right; stage 0.5: left-to-right")]
    [InlineData("", "random 7 | chunks 4", "--seed", "3")]
    public void What_changes_nothing_is_named_beside_the_drawing(string notes, params string[] arguments)
    {
        var shown = CommandLine.Run(["show", .. arguments]);

        Assert.Equal((0, notes), (shown.Code, shown.Error.ReplaceLineEndings("\n")));
    }

    [Fact]
    public void The_words_and_sentences_of_a_text_are_drawn()
    {
        using var folder = new Folder();
        string[] text = ["--text", "Tom had a red ball. He was very happy.", "--model", TinyCheckpoint.In(folder), "--json"];
        int Groups(string grouping) => Assert.Single(CommandLine.Run(["show", grouping, .. text]).Json()).GetProperty("groups").GetArrayLength();

        Assert.Equal(1 + 2, Groups("left-to-right | sentences"));
        Assert.Equal(1 + 9, Groups("bisect | words"));
    }

    [Fact]
    public void Colours_are_for_terminals_only()
    {
        string Variable(string name) => name == "COLORTERM" ? "truecolor" : "";
        Microsoft.FSharp.Core.FSharpFunc<string, string> Environment(string set) =>
            Microsoft.FSharp.Core.FuncConvert.FromFunc<string, string>(name => name == set ? "1" : Variable(name));

        Assert.Equal(Ink.Plain, InkModule.ofEnvironment(false, Environment("")));
        Assert.Equal(Ink.Plain, InkModule.ofEnvironment(true, Environment("NO_COLOR")));
        Assert.Equal(Ink.TrueColour, InkModule.ofEnvironment(true, Environment("")));
        Assert.Contains('\u001b', CommandLine.Run(Ink.TrueColour, CancellationToken.None, "show").Out);
        Assert.DoesNotContain('\u001b', CommandLine.Run("show").Out);
    }
}

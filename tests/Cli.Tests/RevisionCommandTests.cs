using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>`--revise` and gaps of unknown length.</summary>
public sealed class RevisionCommandTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public RevisionCommandTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) => CommandLine.Run([.. arguments, "--model", model]);

    private static int[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];

    [Fact]
    public void Every_sweep_draws_the_share_of_the_tokens_anew_and_the_steps_name_their_sweep()
    {
        string[] command = ["infill", "Tom had {8} ball.", "--temperature", "1", "--seed", "3"];
        var plain = Run([.. command, "--json"]).Json()[0];
        var json = Run([.. command, "--revise", "3", "--revise-share", "0.25", "--json"]).Json()[0];
        var steps = json.GetProperty("steps").EnumerateArray().ToArray();
        var sweeps = steps.Select(step => step.TryGetProperty("sweep", out var sweep) ? sweep.GetInt32() : 0);
        var ids = json.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32()).ToArray();

        Assert.Equal([.. Enumerable.Repeat(0, 8), 1, 1, 2, 2, 3, 3], sweeps);
        Assert.Equal(6, json.GetProperty("revised").GetProperty("tokens").GetInt32());
        Assert.NotEqual(plain.GetProperty("text").GetString(), json.GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("revised").ValueKind);
        Assert.Equal(ids[Numbers(steps[^1].GetProperty("positions"))[0]], Numbers(steps[^1].GetProperty("ids"))[0]);
    }

    [Fact]
    public void Without_a_share_a_sweep_draws_every_filled_token_anew()
    {
        var steps = Run("generate", "Tom", "--length", "5", "--revise", "1", "--json").Json()[0].GetProperty("steps");
        var revised = steps.EnumerateArray().Skip(5).SelectMany(step => Numbers(step.GetProperty("positions")));

        Assert.Equal([2, 3, 4, 5, 6], revised.Order());
    }

    [Fact]
    public void The_trace_shows_what_a_revision_put_in_the_place_of_what()
    {
        string[] command = ["infill", "Tom had {4} ball.", "--top-k", "2", "--revise", "2"];
        var result = Run([.. command, "--trace"]);
        var lines = result.Out.TrimEnd().Split('\n').SkipWhile(line => !line.StartsWith("step", StringComparison.Ordinal)).ToArray();
        var json = Run([.. command, "--json"]).Json()[0];
        var changed = json.GetProperty("revised").GetProperty("changed").GetInt32();

        Assert.Equal("step  sweep  position  probability  token", lines[0].TrimEnd());
        Assert.Equal(["", "", "", "", "1", "1", "1", "1", "2", "2", "2", "2"], lines[1..].Select(line => line.Substring(6, 5).Trim()));
        Assert.InRange(changed, 1, 7);
        Assert.Equal(changed, lines.Count(line => line.Contains("  was \"", StringComparison.Ordinal)));
        Assert.Contains($"4 tokens in 13 forward passes, 8 revised ({changed} changed), ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_sees_tokens_change_on_a_coloured_ground()
    {
        string[] command = ["infill", "Tom had {3} ball.", "--revise", "1", "--model", model];
        var frames = TerminalScreen.Frames(CommandLine.Run(Ink.TrueColour, CancellationToken.None, command).Out);

        Assert.Equal([3, 2, 1, 0, 0, 0, 0, 0], frames.Select(frame => frame.Count(letter => letter == '·')));
        Assert.Equal(
            [0, 0, 0, 0, 1, 1, 1, 0],
            frames.Select(frame => frame.Split(";48;2;").Length - 1));
    }

    [Fact]
    public void The_length_of_a_gap_is_reported_with_all_candidates()
    {
        string[] command = ["infill", "Tom {2..7} ball. {3} happy {1..3} so."];
        var json = Run([.. command, "--json"]).Json()[0];
        var choices = json.GetProperty("lengths").EnumerateArray().ToArray();
        var candidates = choices[0].GetProperty("candidates").EnumerateArray().ToArray();
        var best = candidates.MaxBy(candidate => candidate.GetProperty("per_token").GetDouble());
        var gaps = json.GetProperty("gaps").EnumerateArray().Select(gap => gap.GetProperty("length").GetInt32()).ToArray();

        Assert.Equal([0, 2], choices.Select(choice => choice.GetProperty("gap").GetInt32()));
        Assert.Equal([gaps[0], gaps[2]], choices.Select(choice => choice.GetProperty("length").GetInt32()));
        Assert.Equal([2, 3, 4, 5, 6, 7], candidates.Select(candidate => candidate.GetProperty("length").GetInt32()));
        Assert.Equal(gaps[0], best.GetProperty("length").GetInt32());
        Assert.All(candidates, candidate => Assert.Equal(
            candidate.GetProperty("log_probability").GetDouble() / candidate.GetProperty("length").GetInt32(),
            candidate.GetProperty("per_token").GetDouble(),
            1e-9));
        Assert.Equal(0, Run("infill", "Tom {2}", "--json").Json()[0].GetProperty("lengths").GetArrayLength());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--samples 3")]
    public void People_read_the_length_and_the_likeliest_candidates_once(string options)
    {
        var error = Run(["infill", "Tom {2..7} ball. {3} happy {2..3} so.", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            .Error;

        Assert.Matches(@"(?m)^gap 1 of 3: length (\d) of 2\.\.7; nats per token \1 \(-\d+\.\d\d\)(, \d \(-\d+\.\d\d\)){3}$", error);
        Assert.Matches(@"(?m)^gap 3 of 3: length (\d) of 2\.\.3; nats per token \1 \(-\d+\.\d\d\), \d \(-\d+\.\d\d\)$", error);
        Assert.Single(error.Split('\n'), line => line.StartsWith("gap 1", StringComparison.Ordinal));
    }
}

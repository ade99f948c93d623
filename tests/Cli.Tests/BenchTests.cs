using Xunit;

namespace A3.Cli.Tests;

public sealed class BenchTests
{
    private static readonly string[] Tiny =
        ["bench", "decode", "--width", "32", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--vocabulary", "50",
         "--positions", "10", "--groups", "1,4", "--threads", "1"];

    private static readonly string[] TinyTrain =
        ["bench", "train", "--width", "32", "--layers", "2", "--heads", "4", "--vocabulary", "50", "--context", "16", "--batch-tokens", "70",
         "--threads", "1"];

    private static CommandLine Run(params string[] more) => CommandLine.Run([.. Tiny, .. more]);

    [Fact]
    public void Every_way_to_decode_is_measured_with_its_passes_and_the_weights_they_read()
    {
        var result = Run("--rounds", "2", "--json");
        var json = Assert.Single(result.Json());
        var methods = json.GetProperty("methods").EnumerateArray().ToDictionary(
            method => method.GetProperty("method").GetString()!, method => method);
        var passes = methods.ToDictionary(entry => entry.Key, entry => entry.Value.GetProperty("forward_passes").GetInt32());

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(10, passes["causal"]);
        Assert.Equal(10, passes["groups of 1"]);
        Assert.Equal(3, passes["groups of 4"]);
        Assert.Equal(3, passes["groups of 4, 4x open"]);
        Assert.Equal(3, passes["uncached, as published"]);
        Assert.Equal(3, passes["uncached, groups of 4"]);
        Assert.Equal(3, passes["adaptive, 4 of 16"]);
        Assert.InRange(passes["speculative, window 4"], 3, 10);

        // Tied head: everything is read once by a pass, embedding and head being the same numbers.
        Assert.Equal(4 * json.GetProperty("parameters").GetInt64(), json.GetProperty("pass_weight_bytes").GetInt64());
        Assert.All(methods, entry => Assert.Equal(
            passes[entry.Key] * json.GetProperty("pass_weight_bytes").GetInt64(),
            entry.Value.GetProperty("weight_bytes_read").GetInt64()));
        Assert.All(methods.Values, method => Assert.Equal(
            method.GetProperty("method").GetString() == "groups of 4, 4x open" ? 12 : 10,
            method.GetProperty("tokens").GetInt32()));
    }

    [Fact]
    public void Ratios_have_goals_only_for_the_shapes_they_were_set_for()
    {
        var ratios = Run("--rounds", "1", "--json").Json()[0].GetProperty("ratios").EnumerateArray().ToArray();

        Assert.Equal(6, ratios.Length);
        Assert.All(ratios, ratio => Assert.False(ratio.TryGetProperty("goal", out _)));
        Assert.All(ratios, ratio => Assert.True(ratio.GetProperty("value").GetProperty("median").GetDouble() > 0));
    }

    [Fact]
    public void In_a_pipe_there_are_plain_tables_and_the_progress_goes_to_standard_error()
    {
        using var folder = new Folder();
        var result = CommandLine.Run(
            "bench", "decode", "--model", TinyCheckpoint.In(folder), "--positions", "8", "--groups", "2", "--rounds", "1", "--threads", "1");

        Assert.Equal(0, result.Code);
        Assert.Matches(@"(?m)^causal +[\d.,]+ +[\d.,]+ \.\. [\d.,]+ +8 +[\d.]+ \w+ +<?\d+%", result.Out);
        Assert.Contains("causal / memory-bandwidth limit", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("groups of 4 / groups of 1", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Out + result.Error);
        Assert.Contains("round 1 of 1", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_training_steps_are_measured_against_each_other_and_against_the_fastest_product()
    {
        var result = CommandLine.Run([.. TinyTrain, "--rounds", "2", "--json"]);
        var json = Assert.Single(result.Json());
        var steps = json.GetProperty("steps").EnumerateArray().ToArray();
        var ratios = json.GetProperty("ratios").EnumerateArray().ToArray();

        Assert.Equal(0, result.Code);
        Assert.Equal(["plain AR", "two streams"], steps.Select(step => step.GetProperty("step").GetString()));
        Assert.Equal(
            ["two streams / plain AR, seconds", "plain AR / matrix-product peak", "two streams / matrix-product peak"],
            ratios.Select(ratio => ratio.GetProperty("ratio").GetString()));
        Assert.All(ratios, ratio => Assert.True(ratio.GetProperty("value").GetProperty("median").GetDouble() > 0));

        // The share of the peak was set as a goal for two threads and width 256 only.
        Assert.Equal([1.7], ratios.Where(ratio => ratio.TryGetProperty("goal", out _)).Select(ratio => ratio.GetProperty("goal").GetDouble()));
        Assert.Equal(OperatingSystem.IsLinux(), steps[0].TryGetProperty("memory_bytes_per_token", out _));
    }

    [Fact]
    public void Training_is_reported_as_tables_too()
    {
        var result = CommandLine.Run([.. TinyTrain, "--rounds", "1"]);

        Assert.Equal(0, result.Code);
        Assert.Matches(@"(?m)^two streams +[\d.,]+ +[\d.,]+ \.\. [\d.,]+ +[\d.]+ +[\d.]+ \w+$", result.Out);
        Assert.Contains("goal 1.7 ", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_number_types_are_measured_on_libtorch()
    {
        var decode = Assert.Single(Run("--rounds", "1", "--dtype", "bfloat16", "--json").Json());
        var train = Assert.Single(CommandLine.Run([.. TinyTrain, "--rounds", "1", "--compute", "bfloat16", "--json"]).Json());

        Assert.All([decode, train], json => Assert.Equal(
            ("cpu", "bfloat16"), (json.GetProperty("device").GetString(), json.GetProperty("number_type").GetString())));
        Assert.Equal(2 * decode.GetProperty("parameters").GetInt64(), decode.GetProperty("pass_weight_bytes").GetInt64());
        Assert.Equal(8, decode.GetProperty("methods").GetArrayLength());
    }

    [Fact]
    public void Without_a_GPU_there_is_nothing_to_measure_on_one()
    {
        Tensors.Native.ensure();
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "there is a GPU.");

        AssertOneLine(1, "finds no CUDA device", CommandLine.Run("bench", "train", "--device", "cuda"));
        AssertOneLine(1, "finds no CUDA device", CommandLine.Run([.. Tiny, "--device", "cuda"]));
    }

    [Fact]
    public void Cancellation_stops_the_benchmark()
    {
        var result = CommandLine.Run(Ink.Plain, new CancellationToken(canceled: true), Tiny);

        Assert.Equal((130, ""), (result.Code, result.Out));
        Assert.EndsWith("a3: cancelled.\n", result.Error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--groups \"1,x\": expected sizes in 1..10", "--groups", "1,x")]
    [InlineData("--groups \"11\": expected sizes in 1..10", "--groups", "11")]
    [InlineData("--temperature -1: expected a number of at least 0", "--temperature", "-1")]
    [InlineData("--model and a shape of random weights", "--model", "x")]
    [InlineData("chooses its own groupings", "--grouping", "bisect")]
    public void Misuse_gets_one_line(string expected, string option, string value)
    {
        var at = Array.IndexOf(Tiny, option);
        string[] arguments = at < 0 ? [.. Tiny, option, value] : [.. Tiny[..at], option, value, .. Tiny[(at + 2)..]];

        AssertOneLine(2, expected, CommandLine.Run(arguments));
    }

    [Fact]
    public void A_shape_that_breaks_a_rule_is_misuse()
    {
        AssertOneLine(2, "head_dim = 7: must be even", CommandLine.Run("bench", "decode", "--width", "31", "--heads", "4"));
        AssertOneLine(2, "--width 33: must be a multiple of --heads 4", CommandLine.Run("bench", "decode", "--width", "33", "--heads", "4"));
        AssertOneLine(2, "--width 33: must be a multiple of --heads 4", CommandLine.Run("bench", "train", "--width", "33", "--heads", "4"));
        AssertOneLine(2, "in the number type of --compute", CommandLine.Run("bench", "train", "--dtype", "bfloat16"));
        AssertOneLine(2, "--compute float16: gradients leave its range", CommandLine.Run("bench", "train", "--compute", "float16"));
        AssertOneLine(2, "bench needs to know what to measure", CommandLine.Run("bench"));
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_measured_is_a_failed_run()
    {
        using var folder = new Folder();
        using var causal = new Folder();
        var model = TinyCheckpoint.In(folder);

        AssertOneLine(1, "positions = 64: BOS and as many positions must fit the model's context of 64; use at most 63",
            CommandLine.Run("bench", "decode", "--model", model, "--positions", "64"));
        AssertOneLine(1, "has no query stream",
            CommandLine.Run("bench", "decode", "--model", TinyCheckpoint.In(causal, queryStream: false), "--positions", "8"));
        AssertOneLine(1, "random weights of this shape need",
            CommandLine.Run("bench", "decode", "--width", "65536", "--layers", "8", "--heads", "512"));
        AssertOneLine(1, "random weights of this shape need",
            CommandLine.Run("bench", "decode", "--width", "65536", "--layers", "8", "--heads", "512", "--dtype", "bfloat16"));
    }

    private static void AssertOneLine(int code, string expected, CommandLine given)
    {
        Assert.Equal((code, ""), (given.Code, given.Out));
        Assert.Single(given.Error.TrimEnd().Split('\n'));
        Assert.Contains(expected, given.Error, StringComparison.Ordinal);
    }
}

using Xunit;

namespace A3.Cli.Tests;

public sealed class TrainCommandTests
{
    private static string[] Arguments(Folder folder)
    {
        var options = ToyRun.Options(folder);
        return
        [
            "train", options.Data[0], "--out", options.Output, "--curriculum", "infill",
            "--validation", options.Data[0], "--tokens", "3000", "--batch-tokens", "256", "--context", "48",
            "--vocabulary", "300", "--width", "16", "--layers", "1", "--heads", "2", "--validate-every", "5",
            "--validation-rows", "4", "--device", "cpu",
        ];
    }

    [Fact]
    public void A_run_reports_in_json_lines_and_leaves_a_checkpoint_that_infills()
    {
        using var folder = new Folder();
        var run = CommandLine.Run([.. Arguments(folder), "--json"]);
        var lines = run.Json();

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.True(lines[^1].GetProperty("done").GetBoolean());
        Assert.Contains(
            lines, line => line.TryGetProperty("validation", out var losses) && losses.EnumerateObject().Any());
        Assert.Equal(0, CommandLine.Run("infill", "Tom had ___ ball.", "--model", folder.File("run")).Code);
    }

    [Fact]
    public void What_queries_start_from_is_asked_for_inspected_and_decoded_with()
    {
        using var folder = new Folder();
        var trained = CommandLine.Run([.. Arguments(folder), "--query-start", "preceding"]);

        Assert.Equal((0, ""), (trained.Code, trained.Error));
        Assert.Matches("query start +preceding", CommandLine.Run("inspect", folder.File("run")).Out);
        Assert.Equal("preceding", CommandLine.Run("inspect", folder.File("run"), "--json").Json()[0].GetProperty("query_start").GetString());
        Assert.Equal(0, CommandLine.Run("infill", "Tom had ___ ball.", "--model", folder.File("run")).Code);
    }

    [Fact]
    public void A_stopped_run_says_how_to_go_on_and_goes_on()
    {
        using var folder = new Folder();
        using var source = new CancellationTokenSource();
        using var output = new StoppingWriter(source);
        using var error = new StringWriter();
        var pipe = new Output(output, error, Ink.Plain, Ink.Plain, isTerminal: false, width: 100, height: 40, json: false);
        var stopped = Program.run(pipe, source.Token, Arguments(folder));
        var resumed = CommandLine.Run("train", "--resume", folder.File("run"));

        Assert.Equal(130, stopped);
        Assert.Matches(@"^a3: stopped at step \d+ and saved; go on with: a3 train --resume ", error.ToString());
        Assert.Equal(0, resumed.Code);
        Assert.Contains("the checkpoint is in", resumed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_lines_are_named_and_left_out_where_that_is_wanted()
    {
        using var folder = new Folder();
        var data = folder.File("stories.jsonl");
        var story = File.ReadAllText(ToyRun.Options(folder).Data[0]).Split("<|endoftext|>")[0];
        File.WriteAllText(data, $"{System.Text.Json.JsonSerializer.Serialize(new { story })}\n{{}}\n");
        string[] arguments = ["train", data, "--field", "story", "--pack", "--keep", "1", .. Arguments(folder)[2..]];
        var failed = CommandLine.Run(arguments);
        var skipped = CommandLine.Run([.. arguments, "--broken-lines", "skip", "--cache", folder.File("cache")]);

        Assert.Equal(1, failed.Code);
        Assert.Equal($"a3: {data}, line 2: no field \"story\"; --field names the one that holds the text. Correct it, or have such lines left out (--broken-lines skip).\n", failed.Error);
        Assert.Equal(0, skipped.Code);
        Assert.Contains("broken lines left out: 1.", skipped.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.File("run"), "checkpoints")));
        Assert.NotEmpty(Directory.GetFiles(folder.File("cache"), "*.tokens"));
    }

    [Fact]
    public void A_checkpoint_is_adapted_by_low_rank_additions_and_infills_as_any_other()
    {
        using var folder = new Folder();
        string[] arguments = Arguments(folder);
        string[] To(string output, params string[] more) => [.. arguments.Select(word => word == folder.File("run") ? folder.File(output) : word), .. more];
        var whole = CommandLine.Run(To("base"));
        var adapted = CommandLine.Run(To("run", "--init", folder.File("base"), "--train", "lora *norm*", "--rank", "2", "--alpha", "4", "--accumulate", "2", "--recompute", "--compute", "bfloat16"));
        var resumed = CommandLine.Run("train", "--resume", folder.File("run"));
        var unknown = CommandLine.Run(To("other", "--init", folder.File("base"), "--train", "quary"));
        var nothing = CommandLine.Run(To("other", "--train", "lora"));

        Assert.Equal((0, 0, 0), (whole.Code, adapted.Code, resumed.Code));
        Assert.Contains("--width has no effect: the network is that of --init.", adapted.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--rank has no effect", adapted.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("has no effect", whole.Error, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("infill", "Tom had ___ ball.", "--model", folder.File("run")).Code);
        Assert.Equal(2, unknown.Code);
        Assert.StartsWith("a3: --train quary: \"quary\" is no tensor of this network", unknown.Error, StringComparison.Ordinal);
        Assert.Equal((2, "a3: --train lora: weights are frozen only where an initial checkpoint has them.\n"), (nothing.Code, nothing.Error));
    }

    [Fact]
    public void A_learning_rate_that_diverges_is_one_clear_error_that_names_step_and_batch()
    {
        using var folder = new Folder();
        var run = CommandLine.Run(
            [.. Arguments(folder).Select(word => word == "3000" ? "90000" : word), "--learning-rate", "0.99", "--weight-decay", "9.99", "--clip", "1e30"]);
        Assert.Equal(1, run.Code);
        Assert.Matches(@"^a3: the run diverged at step \d+: .* Its batch: \S+stories.txt, line \d+; .*--init .*step-\d+\) with a lower learning rate than 0.99\.\n$", run.Error);
        Assert.Equal(0, CommandLine.Run("infill", "Tom had ___ ball.", "--model", folder.File("run")).Code);
    }

    /// <summary>Cancels at the first line written to it, as somebody pressing Ctrl-C then.</summary>
    private sealed class StoppingWriter(CancellationTokenSource source) : StringWriter
    {
        public override void WriteLine(string? value) => source.Cancel();
    }
}

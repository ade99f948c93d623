using Xunit;

namespace A3.Cli.Tests;

/// <summary>However a3 train ends, what it has learned is saved and said to be; and how a run is taken up with changes.</summary>
public sealed class StoppedTrainingTests : IDisposable
{
    private readonly Folder folder = new();

    private string[] Arguments => ToyTraining.Arguments(folder);

    [Fact]
    public void A_run_whose_terminal_goes_away_is_saved() => ToyTraining.AssertSaved(
        folder,
        "PROGRAM TRAIN > out & until [ -s out ]; do sleep 0.02; done; kill -HUP $!; wait $!", 130, "stopped at step");

    [Fact]
    public void A_terminal_that_is_gone_costs_its_output_alone()
    {
        using var gone = new GoneWriter();
        using var error = new StringWriter();
        var terminal = new Output(gone, error, Ink.TrueColour, Ink.TrueColour, isTerminal: true, width: 100, height: 40, json: false);

        Assert.Equal(0, Program.run(terminal, CancellationToken.None, Arguments));
        Assert.True(gone.Lost > 2, "the test needs a run that writes.");
        Assert.Contains("12 steps", CommandLine.Run("train", "--resume", folder.File("run")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_stopped_before_it_begins_says_what_is_on_the_disk()
    {
        var stopped = CommandLine.Run(Ink.Plain, new CancellationToken(canceled: true), Arguments);
        Assert.Equal((130, "a3: stopped before the first step: nothing is saved yet; begin again with the same command.\n"), (stopped.Code, stopped.Error));
        Assert.Equal(0, CommandLine.Run(Arguments).Code);
        var resumed = CommandLine.Run(Ink.Plain, new CancellationToken(canceled: true), "train", "--resume", folder.File("run"));
        Assert.Equal(130, resumed.Code);
        Assert.StartsWith("a3: stopped before the first step: step 12 is on the disk as it was; go on with: a3 train --resume", resumed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_run_is_extended_and_keeps_what_was_changed()
    {
        Assert.Equal(0, CommandLine.Run(Arguments).Code);
        var extended = CommandLine.Run("train", "--resume", folder.File("run"), "--tokens", "3000", "--keep", "1", "--device", "cpu", "--json");
        var less = CommandLine.Run("train", "--resume", folder.File("run"), "--tokens", "2999");
        var again = CommandLine.Run("train", "--resume", folder.File("run"));

        Assert.Equal(0, extended.Code);
        Assert.InRange(extended.Json()[^1].GetProperty("tokens").GetInt64(), 3000, 3300);
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.File("run"), "checkpoints")));
        Assert.Equal((2, "a3: --tokens 2999: the run has 3000, and can only be extended beyond them.\n"), (less.Code, less.Error));
        Assert.Contains("the run has seen all of its 3000 tokens; --tokens MORE extends it.", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_of_training_data_reach_no_terminal()
    {
        var data = folder.File("stories.jsonl");
        var arguments = Arguments;
        var story = System.Text.Json.JsonSerializer.Serialize(new { text = File.ReadAllText(arguments[1]).Split("<|endoftext|>")[0] });
        File.WriteAllText(data, $"{story}\nn\u001b[31mPWNED\u001b[0m\n");
        arguments[1] = data;
        var run = CommandLine.Run(Ink.TrueColour, CancellationToken.None, [.. arguments, "--broken-lines", "skip"]);

        Assert.Equal(0, run.Code);
        Assert.Contains("\\u001b[31mPWNED", run.Out + run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31mPWNED", run.Out + run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A terminal that was closed.</summary>
    private sealed class GoneWriter : StringWriter
    {
        public int Lost { get; private set; }

        public override void Write(string? value) => WriteLine(value);

        public override void WriteLine(string? value)
        {
            Lost++;
            throw new IOException("standard output: Input/output error.");
        }
    }
}

using A3.Cli;
using Xunit;

namespace A3.Runtime.Tests.Cli;

/// <summary>A batch that was stopped, by Ctrl-C or by a kill, goes on where it stopped.</summary>
public sealed class BatchResumeTests : IDisposable
{
    private const string Rows = """
        {"prompt": "Tom", "length": 3}
        {"prompt": "Tom had", "length": 2, "id": "b"}
        {"prompt": "Tom had", "tempo": 2}
        {"prompt": "Tom had a", "length": 4}
        """;

    private readonly Folder folder = new();
    private readonly string model;
    private readonly string input;
    private readonly string output;

    public BatchResumeTests()
    {
        model = TinyCheckpoint.In(folder);
        (input, output) = (folder.File("rows.jsonl"), folder.File("results.jsonl"));
        File.WriteAllText(input, Rows);
    }

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) =>
        CommandLine.Run(["generate", "--batch", input, "--output", output, "--model", model, .. arguments]);

    [Fact]
    public void A_batch_killed_at_any_byte_ends_with_the_same_results()
    {
        Assert.Equal(1, Run().Code);
        var whole = File.ReadAllText(output);

        foreach (var length in Enumerable.Range(0, 12).Select(i => i * whole.Length / 12).Append(whole.Length - 1))
        {
            File.WriteAllText(output, whole[..length]);

            Assert.Equal(1, Run("--batch-size", "2").Code);
            Assert.Equal(whole, File.ReadAllText(output));
        }
    }

    [Fact]
    public void Rows_that_are_there_are_not_done_again_and_their_failures_count()
    {
        Run();
        var marked = File.ReadAllText(output).Replace("\"text\":\"Tom", "\"text\":\"TOM", StringComparison.Ordinal);
        File.WriteAllText(output, marked);
        var again = Run();

        Assert.Equal(marked, File.ReadAllText(output));
        Assert.Equal(1, again.Code);
        Assert.Equal(
            $"4 of 4 rows, 1 failed\na3: 1 of 4 rows of {input} failed; the field \"error\" of their results says why.\n",
            again.Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Input_may_grow_between_runs()
    {
        Run();
        var before = File.ReadAllLines(output);
        File.AppendAllText(input, "\n{\"prompt\": \"He\", \"length\": 1}\n");
        Run();

        Assert.Equal(before, File.ReadAllLines(output)[..4]);
        Assert.Equal(5, File.ReadAllLines(output).Length);
    }

    [Fact]
    public void An_output_of_other_input_or_options_is_refused_and_left_alone()
    {
        Run();
        var before = File.ReadAllText(output);

        void AssertRefused(int line, params string[] arguments)
        {
            var refused = Run(arguments);
            Assert.Equal(1, refused.Code);
            Assert.Contains(
                $"{output} line {line}: comes from other input, another model or other options", refused.Error, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllText(output));
        }

        AssertRefused(1, "--temperature", "0.7");
        AssertRefused(1, "--dtype", "bfloat16");
        File.WriteAllText(input, Rows.Replace("\"b\"", "\"c\"", StringComparison.Ordinal));
        AssertRefused(2);
        File.WriteAllText(input, "\n" + Rows);
        AssertRefused(1);
        File.WriteAllText(input, string.Join('\n', Rows.Split('\n')[..3]));
        AssertRefused(4);

        // A half line is cut off only where it is one of ours.
        File.WriteAllText(output, before = "a letter without line end");
        AssertRefused(1);
        File.WriteAllText(output, before = "a letter\n");
        AssertRefused(1);
    }

    [Fact]
    public void A_broken_line_is_named()
    {
        Run();
        var lines = File.ReadAllLines(output);
        File.WriteAllLines(output, [lines[0], lines[1][..^5], .. lines[2..]]);

        Assert.Contains($"{output} line 2: is broken", Run().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_leaves_finished_rows_whole_and_says_how_to_go_on()
    {
        using var interrupt = new CancellationTokenSource();
        using var result = new StringWriter();
        using var error = new InterruptingWriter(interrupt, "line 3");
        string[] command = ["generate", "--batch", input, "--output", output, "--model", model, "--batch-size", "1"];
        var code = Program.run(
            new Output(result, error, Ink.Plain, Ink.Plain, isTerminal: false, 100, 40, json: false), interrupt.Token, command);
        var stopped = File.ReadAllText(output);

        Assert.Equal(130, code);
        Assert.EndsWith("a3: stopped after 3 rows; the same command goes on from there.", error.ToString().TrimEnd());
        Assert.Equal((3, '\n'), (stopped.Count(letter => letter == '\n'), stopped[^1]));
        Assert.Equal(1, Run().Code);
        Assert.StartsWith(stopped, File.ReadAllText(output), StringComparison.Ordinal);
        Assert.Equal(4, File.ReadAllLines(output).Length);
    }

    /// <summary>Presses Ctrl-C when a text is written.</summary>
    private sealed class InterruptingWriter(CancellationTokenSource interrupt, string at) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);

            if (value?.Contains(at, StringComparison.Ordinal) == true)
            {
                interrupt.Cancel();
            }
        }
    }
}

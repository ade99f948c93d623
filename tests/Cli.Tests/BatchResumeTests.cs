using System.Text.RegularExpressions;
using Xunit;

namespace A3.Cli.Tests;

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

    [Theory]
    [InlineData("54616e3feb46a0ed")]
    [InlineData("2cd9c34debee36d3", "--grouping", "bisect")]
    [InlineData("985715b55d176db8", "--causal", "--length", "5")]
    [InlineData("b0d53819b490a105", "--forbid", "ball", "--forbid", "é", "--revise", "2", "--revise-share", "0.5", "--top-k", "7", "--seed", "9")]
    public void Results_of_version_0_1_are_known_by_their_options(string fingerprint, params string[] options)
    {
        using var other = new Folder();
        File.WriteAllText(other.File("rows"), "{\"prompt\": \"Tom\", \"length\": 2}\n");
        var results = CommandLine.Run(["generate", "--batch", other.File("rows"), "--model", TinyCheckpoint.In(other), .. options]);

        Assert.Equal(fingerprint, results.Json()[0].GetProperty("options").GetString());
    }

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

        void AssertRefused(int line, string difference, params string[] arguments)
        {
            var refused = Run(arguments);
            Assert.Equal(1, refused.Code);
            Assert.Equal($"a3: {output}: line {line} {difference}; name another --output, or delete that one.\n", refused.Error);
            Assert.Equal(before, File.ReadAllText(output));
        }

        AssertRefused(1, "was given by other options", "--temperature", "0.7");
        AssertRefused(1, "was given by other options", "--dtype", "bfloat16");
        File.WriteAllText(input, Rows.Replace("\"b\"", "\"c\"", StringComparison.Ordinal));
        AssertRefused(2, "is not the result of line 2 of the input");
        File.WriteAllText(input, "\n" + Rows);
        AssertRefused(1, "is not the result of line 2 of the input");
        File.WriteAllText(input, string.Join('\n', Rows.Split('\n')[..3]));
        AssertRefused(4, "is of a line that the input has not");

        // A half line is cut off only where it is one of ours.
        File.WriteAllText(output, before = "a letter without line end");
        AssertRefused(1, "is no result of a batch");
        File.WriteAllText(output, before = "a letter\n");
        AssertRefused(1, "is no result of a batch");
    }

    [Fact]
    public void Blank_lines_and_a_missing_line_end_lose_nothing()
    {
        Run();
        var whole = File.ReadAllLines(output);

        foreach (var blank in (string[])["", " ", "\t \r", "   "])
        {
            for (var rows = 0; rows <= 4; rows++)
            {
                foreach (var end in (string[])["\n", ""])
                {
                    var before = string.Join($"\n{blank}\n", whole.Take(rows).Append(blank)) + end;
                    File.WriteAllText(output, before);
                    Run();
                    var after = File.ReadAllText(output);

                    Assert.StartsWith(before, after, StringComparison.Ordinal);
                    Assert.Equal(whole, after.Split('\n').Where(line => line.Trim(' ', '\t', '\r') != ""));
                }
            }
        }
    }

    [Fact]
    public void A_last_result_without_its_line_end_is_kept()
    {
        Run();
        var marked = File.ReadAllText(output).Replace("\"text\":\"Tom", "\"text\":\"TOM", StringComparison.Ordinal);
        var last = marked.LastIndexOf("{\"line\":4", StringComparison.Ordinal);
        File.WriteAllText(output, marked.TrimEnd('\n'));
        Run();

        Assert.Equal(marked, File.ReadAllText(output));
        Assert.Contains("TOM", marked[last..], StringComparison.Ordinal);
    }

    [Fact]
    public void Results_of_other_weights_are_refused_by_their_fingerprint_and_left_alone()
    {
        Run();
        var before = File.ReadAllText(output);
        var weights = folder.File("model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        var refused = Run();

        Assert.Equal(1, refused.Code);
        Assert.Matches("line 1 was given by other weights: the model's fingerprint is [0-9a-f]{16} now, and was [0-9a-f]{16}; name another", refused.Error);
        Assert.Equal(before, File.ReadAllText(output));
    }

    [Fact]
    public void Results_of_a_model_that_was_moved_are_its_own()
    {
        Run();
        var results = File.ReadAllText(output);
        File.WriteAllText(output, results[..(results.IndexOf('\n', StringComparison.Ordinal) + 1)]);
        using var elsewhere = new Folder();

        foreach (var name in folder.Names.Where(name => !name.EndsWith(".jsonl", StringComparison.Ordinal)))
        {
            File.Copy(folder.File(name), elsewhere.File(name));
        }

        CommandLine.Run("generate", "--batch", input, "--output", output, "--model", elsewhere.Path);

        Assert.Equal(results, File.ReadAllText(output));
    }

    [Fact]
    public void Results_that_do_not_name_their_model_are_refused_and_left_alone()
    {
        Run();
        var before = Regex.Replace(File.ReadAllText(output), ",\"model\":\"[^\"]*\",\"options\":\"[^\"]*\"", "");
        File.WriteAllText(output, before);

        Assert.Contains("line 1 does not say which model and options gave it; name another", Run().Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(output));
    }

    [Fact]
    public void A_broken_line_is_named()
    {
        Run();
        var lines = File.ReadAllLines(output);
        File.WriteAllLines(output, [lines[0], lines[1][..^5], .. lines[2..]]);

        Assert.Contains($"{output}: line 2 is broken", Run().Error, StringComparison.Ordinal);
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

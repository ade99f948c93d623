using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>`--batch`: rows in, results out, whatever happens to single ones.</summary>
public sealed class BatchCommandTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;
    private readonly string input;
    private readonly string output;

    public BatchCommandTests()
    {
        model = TinyCheckpoint.In(folder);
        (input, output) = (folder.File("rows.jsonl"), folder.File("results.jsonl"));
    }

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) => CommandLine.Run([.. arguments, "--model", model]);

    private CommandLine Batch(string command, string rows, params string[] arguments)
    {
        File.WriteAllText(input, rows);
        return Run([command, "--batch", input, .. arguments]);
    }

    private static string Error(JsonElement result) => result.GetProperty("error").GetString()!;

    [Theory]
    [InlineData("strided 3 then outside-in", "policy \"strided 3 then outside-in\": 'then outside-in' has no effect")]
    [InlineData("left-to-right | sentences", "policy \"left-to-right | sentences\": groups by sentences")]
    [InlineData("confidance | constant 2", "did you mean 'confidence'?")]
    public void A_row_whose_policy_cannot_have_its_effect_is_refused(string policy, string error)
    {
        var done = Batch("infill", $$"""{"template": "Tom {2}", "policy": "{{policy}}"}""" + "\n");

        Assert.Equal(1, done.Code);
        Assert.Contains(error, Error(Assert.Single(done.Json())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("8")]
    public void A_row_gives_what_its_command_gives_alone_whatever_runs_beside_it(string size)
    {
        (string Row, string[] Alone)[] rows =
        [
            ("""{"template": "Tom had {5} ball."}""", ["Tom had {5} ball.", "--seed", "4"]),
            ("""{"template": "{9} happy. {2}", "policy": "bisect | chunks 2", "seed": 9}""",
                ["{9} happy. {2}", "--policy", "bisect | chunks 2", "--seed", "9"]),
            ("""{"template": "a ___", "length": 3, "temperature": 1.5, "top-k": 9, "top-p": 0.5}""",
                ["a ___", "--length", "3", "--temperature", "1.5", "--top-k", "9", "--top-p", "0.5", "--seed", "6"]),
            ("""{"template": "a {12}", "policy": "entropy | threshold 5.3"}""",
                ["a {12}", "--policy", "entropy | threshold 5.3", "--seed", "7"]),
            ("""{"template": "a {12}", "speculative": 3, "forbid": ["a", "o"]}""",
                ["a {12}", "--speculative", "3", "--forbid", "a", "--forbid", "o", "--seed", "8"]),
            ("""{"template": "a {12}", "reference": true, "forbid": "e"}""", ["a {12}", "--reference", "--forbid", "e", "--seed", "9"]),
            ("""{"template": "a {12}", "causal": true}""", ["a {12}", "--causal", "--seed", "10"]),
            ("""{"template": "a {6} b", "revise": 2, "revise-share": 0.5}""",
                ["a {6} b", "--revise", "2", "--revise-share", "0.5", "--seed", "11"]),
            ("""{"template": "{2..5} red ball {3..4} happy"}""", ["{2..5} red ball {3..4} happy", "--seed", "12"]),
        ];
        var results = Batch("infill", string.Join('\n', rows.Select(row => row.Row)), "--seed", "4", "--batch-size", size);

        Assert.Equal(0, results.Code);
        Assert.Equal(rows.Length, results.Json().Length);
        Assert.All(rows.Zip(results.Json()), item =>
        {
            var alone = Run(["infill", .. item.First.Alone, "--json"]).Json()[0];
            string[] fields = ["text", "log_probability", "forward_passes", "drafts", "revised", "seed", "gaps", "lengths"];
            Assert.All(fields, name => Assert.Equal(alone.GetProperty(name).GetRawText(), item.Second.GetProperty(name).GetRawText()));
        });
    }

    [Fact]
    public void Results_stand_in_the_order_of_the_rows_with_the_number_of_their_line_and_their_id()
    {
        var results = Batch("generate", """
            {"prompt": "Tom", "length": 20, "id": "first"}

            {"prompt": "Tom had", "length": 2, "id": 7}
            {"prompt": "", "length": 3}
            """).Json();

        Assert.Equal([1, 3, 4], results.Select(result => result.GetProperty("line").GetInt32()));
        Assert.Equal(["\"first\"", "7"], results.Take(2).Select(result => result.GetProperty("id").GetRawText()));
        Assert.Equal([20, 2, 3], results.Select(result => result.GetProperty("gaps")[0].GetProperty("length").GetInt32()));
        Assert.False(results[2].TryGetProperty("id", out _));
    }

    [Theory]
    [InlineData("unknown field 'tempo'; the fields are id, template, parts, length,", """{"template": "a ___", "tempo": 1}""")]
    [InlineData("unknown field 'prompt'", """{"prompt": "a"}""")]
    [InlineData("unknown field 'temprature' (did you mean 'temperature'?); the fields are", """{"temprature": 1}""")]
    [InlineData(@"unknown field '\u001b[31m'; the fields are", """{"\u001b[31m": 1}""")]
    [InlineData("has no field 'template', which every row needs", """{"length": 4}""")]
    [InlineData("column 2: is not JSON: 'nonsense' is an invalid JSON literal.", "nonsense")]
    [InlineData("is not a JSON object", "[1]")]
    [InlineData("is not a JSON object", "\"text\"")]
    [InlineData("column 18: is not JSON", """{"template": "a"}{}""")]
    [InlineData("column 18: is not JSON", """{"template": "a" """)]
    [InlineData("column 1: is not JSON: '0x0C' is an invalid start", "\f")]
    [InlineData("column 15: is not JSON: '0x00' is invalid within a JSON string", "{\"template\": \"\0\"}")]
    [InlineData("column 65: is not JSON: The maximum configured depth of 64", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData(@"column 8: \ud800 is half a surrogate pair", """{"id":"\ud800","template":"Tom had {2} ball."}""")]
    [InlineData(@"column 16: \uDC00 is half a surrogate pair", """{"template": "a\uDC00 ___"}""")]
    [InlineData(@"column 3: \ud83d is half a surrogate pair", """{"\ud83d": 1, "\ud83d": 2}""")]
    [InlineData(@"column 35: \udead is half a surrogate pair", """{"template": "a ___", "forbid": ["\udead"]}""")]
    [InlineData("with every field once", """{"template": "a ___", "template": "b ___"}""")]
    [InlineData("id true: expected a text or a number", """{"template": "a ___", "id": true}""")]
    [InlineData("template 5: expected a text", """{"template": 5}""")]
    [InlineData("template null: expected a text", """{"template": null}""")]
    [InlineData("""template ["a ___"]: expected a text""", """{"template": ["a ___"]}""")]
    [InlineData("temperature 1e999: expected a number", """{"template": "a ___", "temperature": 1e999}""")]
    [InlineData("seed 9223372036854775808: expected a whole number", """{"template": "a ___", "seed": 9223372036854775808}""")]
    [InlineData("length 1e300: expected a whole number", """{"template": "a ___", "length": 1e300}""")]
    [InlineData("temperature \"hot\": expected a number", """{"template": "a ___", "temperature": "hot"}""")]
    [InlineData("temperature -1: expected a number of at least 0", """{"template": "a ___", "temperature": -1}""")]
    [InlineData("length 0: expected a whole number in 1..", """{"template": "a ___", "length": 0}""")]
    [InlineData("length 2.5: expected a whole number", """{"template": "a ___", "length": 2.5}""")]
    [InlineData("causal 1: expected true or false", """{"template": "a ___", "causal": 1}""")]
    [InlineData("forbid 1: expected a text or a list of texts", """{"template": "a ___", "forbid": 1}""")]
    [InlineData("policy \"best\", column 1: found 'best'", """{"template": "a ___", "policy": "best"}""")]
    [InlineData("speculative and an adaptive policy", """{"template": "a ___", "policy": "entropy", "speculative": 2}""")]
    [InlineData("revise 0: expected a whole number in 1..", """{"template": "a ___", "revise": 0}""")]
    [InlineData("revise-share 0.5: needs revise SWEEPS", """{"template": "a ___", "revise-share": 0.5}""")]
    [InlineData("revise-share 2: expected a number above 0 and at most 1", """{"template": "a ___", "revise": 1, "revise-share": 2}""")]
    [InlineData("causal and revise", """{"template": "a ___", "causal": true, "revise": 2}""")]
    [InlineData("has no text right behind it", """{"template": "a {2..4}"}""")]
    [InlineData("the text has no gap to fill", """{"template": "a"}""")]
    [InlineData("context holds 64", """{"template": "a {64}"}""")]
    public void A_row_that_fails_is_reported_with_its_line_and_does_not_stop_the_others(string expected, string row)
    {
        const string Good = """{"template": "Tom had {5} ball.", "seed": 3}""";
        var results = Batch("infill", $"{Good}\n{row}\n{Good}\n");
        var alone = Run("infill", "Tom had {5} ball.", "--seed", "3").Out.TrimEnd();

        Assert.Equal(1, results.Code);
        Assert.Equal([alone, alone], new[] { 0, 2 }.Select(i => results.Json()[i].GetProperty("text").GetString()));
        Assert.Contains(expected, Error(results.Json()[1]), StringComparison.Ordinal);
        Assert.Contains($"a3: {input} line 2: {Error(results.Json()[1])}\n", results.Error, StringComparison.Ordinal);
        Assert.Contains($"a3: 1 of 3 rows of {input} failed", results.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_sees_a_bar_and_a_pipe_plain_lines()
    {
        File.WriteAllText(input, """
            {"prompt": "Tom", "length": 3}
            {"prompt": 5}
            """);
        string[] arguments = ["generate", "--batch", input, "--output", output, "--model", model];
        var terminal = CommandLine.Run(Ink.TrueColour, CancellationToken.None, arguments).Error;
        File.Delete(output);
        var pipe = CommandLine.Run(arguments).Error;

        Assert.Matches(@"\r\u001b\[38;2;\d+;\d+;\d+m━+\u001b\[0m  2 of 2 rows, 1 failed, [\d,]+ tokens/s", terminal);
        Assert.Contains("\u001b[0Ja3: ", terminal, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^2 of 2 rows, 1 failed, [\d,]+ tokens/s$", pipe);
        Assert.DoesNotContain('\u001b', pipe);
    }

    [Fact]
    public void Progress_says_rows_speed_and_the_time_left()
    {
        var progress = new BatchProgress(30, 120, failed: 2, resumed: 10, tokens: 5000, TimeSpan.FromSeconds(10));

        Assert.Equal("30 of 120 rows, 2 failed, 500 tokens/s, 0:45 left", BatchProgressModule.line(progress));
    }

    [Fact]
    public void Rows_are_read_when_they_are_needed()
    {
        using var endless = new EndlessStream("{\"prompt\": \"a\"}\n\n"u8.ToArray());
        var lines = new JsonLines("endless", endless, JsonLines.Longest);

        Assert.Equal([1, 3, 5], lines.All.Take(3).Select(line => line.Number));
        Assert.InRange(endless.Position, 1, 1 << 16);
    }

    [Fact]
    public void A_line_without_end_is_misuse()
    {
        var lines = new JsonLines("endless", new EndlessStream("x"u8.ToArray()), longest: 1 << 12);

        Assert.Contains("endless line 1: no end after 65536 bytes", Assert.Throws<UsageException>(lines.Peek).Message);
    }

    /// <summary>The same bytes again and again; counts those that were read.</summary>
    private sealed class EndlessStream(byte[] bytes) : System.IO.Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            for (var i = 0; i < count; i++)
            {
                buffer[offset + i] = bytes[Position++ % bytes.Length];
            }

            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

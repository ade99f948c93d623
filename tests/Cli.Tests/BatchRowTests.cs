using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Every line that is not blank gets one result under its number, whatever stands in the others.</summary>
public sealed class BatchRowTests : IDisposable
{
    private const string Good = """{"prompt": "Tom", "length": 2, "seed": 5}""";

    private static readonly byte[][] _bad =
    [
        [.. "{\"prompt\": \"a"u8, 0xff, .. "\"}"u8], [0xa0], [0x85, 0x20], [0xc0, 0x8a], [0], [0xef, 0xbb, 0xbf, (byte)'x'],
        "{}"u8.ToArray(), "{\"prompt\": \"\\ud83d\"}"u8.ToArray(), "nonsense"u8.ToArray(), "\"\\"u8.ToArray(),
        "{\"prompt\": \"\\u"u8.ToArray(), "\u3000"u8.ToArray(), "{\"prompt\": \"a\"}}"u8.ToArray(),
    ];

    private readonly Folder folder = new();
    private readonly string model;
    private readonly string input;

    public BatchRowTests()
    {
        model = TinyCheckpoint.In(folder);
        input = folder.File("rows.jsonl");
    }

    public void Dispose() => folder.Dispose();

    private CommandLine Run(byte[] rows, params string[] arguments)
    {
        File.WriteAllBytes(input, rows);
        return CommandLine.Run(["generate", "--batch", input, "--length", "2", "--model", model, .. arguments]);
    }

    private static bool IsError(JsonElement result) => result.TryGetProperty("error", out _);

    /// <summary>What a row gave, without the fields that tell where it stood.</summary>
    private static string Result(JsonElement result) =>
        string.Join(',', result.EnumerateObject().Where(field => field.Name is not ("line" or "input")).Select(field => field.ToString()));

    [Fact]
    public void Any_lines_get_one_result_each_and_good_ones_what_they_get_alone()
    {
        var expected = Result(Run(Encoding.UTF8.GetBytes(Good)).Json()[0]);
        var good = Encoding.UTF8.GetBytes(Good);
        byte[][] blank = [[], " "u8.ToArray(), "\t \t"u8.ToArray(), "\r"u8.ToArray()];
        var line = Gen.OneOf(Gen.Constant(good), Gen.Elements(_bad), Gen.Elements(blank));
        byte[][] ends = ["\n"u8.ToArray(), "\r\n"u8.ToArray()];
        var cases =
            from lines in line.ListOf()
            from end in Gen.Elements(ends)
            from last in Gen.Elements(true, false)
            from mark in Gen.Elements(true, false)
            select (Lines: lines.ToArray(), End: end, HasLastEnd: last, HasMark: mark);

        Prop.ForAll(cases.ToArbitrary(), given =>
        {
            var bytes = given.Lines.SelectMany((each, index) => index == given.Lines.Length - 1 && !given.HasLastEnd ? each : [.. each, .. given.End]);
            var results = Run([.. given.HasMark ? Encoding.UTF8.GetPreamble() : [], .. bytes]).Json();
            var rows = given.Lines.Select((each, index) => (Line: each, Number: index + 1)).Where(row => !blank.Contains(row.Line)).ToArray();

            Assert.Equal(rows.Select(row => row.Number), results.Select(result => result.GetProperty("line").GetInt32()));
            Assert.All(rows.Zip(results), pair =>
            {
                Assert.Equal(pair.First.Line != good, IsError(pair.Second));
                Assert.True(pair.First.Line != good || Result(pair.Second) == expected);
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void The_file_of_half_a_pair_in_an_id_is_done_but_for_that_row_and_is_done_once()
    {
        var rows = "{\"id\":1,\"prompt\":\"Tom\"}\n{\"id\":\"\\ud800\",\"prompt\":\"Tom\"}\n{\"id\":3,\"prompt\":\"Tom\"}\n"u8.ToArray();
        var output = folder.File("results.jsonl");
        var first = Run(rows, "--output", output);
        var results = File.ReadAllText(output);

        Assert.Equal(1, first.Code);
        Assert.Contains($@"a3: {input} line 2: column 8: \ud800 is half a surrogate pair", first.Error, StringComparison.Ordinal);
        Assert.Equal([false, true, false], results.TrimEnd().Split('\n').Select(line => IsError(JsonDocument.Parse(line).RootElement)));
        Assert.Equal(1, Run(rows, "--output", output).Code);
        Assert.Equal(results, File.ReadAllText(output));
    }

    [Fact]
    public void A_row_that_is_no_text_is_refused_by_the_offset_of_the_byte_in_the_file()
    {
        var results = Run([.. Encoding.UTF8.Preamble, .. "{}\n{\"prompt\": \"a"u8, 0xff, .. "\"}\n"u8]).Json();

        Assert.Equal("offset 19: byte 0xFF is not UTF-8; save the text as UTF-8.", results[1].GetProperty("error").GetString());
    }

    [Fact]
    public void A_row_that_is_too_long_fails_alone()
    {
        var good = Encoding.UTF8.GetBytes($"{Good}\n");
        var results = Run([.. good, .. Enumerable.Repeat((byte)'x', JsonLines.Longest + 1), (byte)'\n', .. good]);

        Assert.Equal([false, true, false], results.Json().Select(IsError));
        Assert.Contains($"a3: {input} line 2: more than 16777216 bytes; expected one JSON object a line.\n", results.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_may_repeat_because_lines_tell_rows_apart()
    {
        var rows = string.Concat(Enumerable.Repeat("""{"id": "a", "prompt": "Tom"}""" + "\n", 3));
        var results = Run(Encoding.UTF8.GetBytes(rows)).Json();

        Assert.Equal([1, 2, 3], results.Select(result => result.GetProperty("line").GetInt32()));
        Assert.All(results, result => Assert.Equal("a", result.GetProperty("id").GetString()));
    }

    [Fact]
    public void A_writer_of_rows_may_wait_for_each_result()
    {
        var given = Shell.Run($$"""
            coproc a3 generate --batch - --length 2 --model {{model}} 2>/dev/null
            for prompt in Tom He She; do
                echo "{\"prompt\": \"$prompt\"}" >&"${COPROC[1]}"
                read -r -t 30 result <&"${COPROC[0]}" && echo "${result:0:10} $prompt"
            done
            """);

        Assert.Equal("{\"line\":1, Tom\n{\"line\":2, He\n{\"line\":3, She\n", given.Out);
    }

    [Fact]
    public void What_others_wrote_reaches_a_terminal_escaped_and_cut()
    {
        var row = $$"""{"\u001b]0;title\u0007\u202e{{new string('x', 5000)}}": 1}""";
        var given = Run(Encoding.UTF8.GetBytes(row));

        Assert.DoesNotContain('\u001b', given.Error);
        Assert.DoesNotContain('\u202e', given.Error);
        Assert.Contains(@"unknown field '\u001b]0;title\u0007\u202exxx", given.Error, StringComparison.Ordinal);
        Assert.All(given.Error.Split('\n'), line => Assert.InRange(line.Length, 0, 1200));
    }

    [Theory]
    [InlineData("", -1)]
    [InlineData(@"\ud83d\ude42", -1)]
    [InlineData(@"\\ud83d", -1)]
    [InlineData(@"\\\ud83d", 2)]
    [InlineData(@"\ud83d\\ude42", 0)]
    [InlineData(@"a\ude42", 1)]
    [InlineData(@"\ud83d\ud83d\ude42", 0)]
    [InlineData(@"\ud83d\ude42\uDBFF", 12)]
    [InlineData(@"\u", -1)]
    [InlineData(@"\uD8", -1)]
    [InlineData(@"\", -1)]
    [InlineData(@"\u+d83", -1)]
    public void Half_a_pair_is_found_among_escapes(string line, int index) =>
        Assert.Equal(index, RowText.halfPair(line)?.Value ?? -1);
}

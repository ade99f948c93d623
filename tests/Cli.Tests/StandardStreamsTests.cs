using Xunit;

namespace A3.Cli.Tests;

/// <summary>Streams that are closed, full, without a reader or without an end: never a stack trace, never a wait for ever.</summary>
public sealed class StandardStreamsTests : IDisposable
{
    private const string Show = "a3 show 'bisect | singletons' --length 8";
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a3 nonsense 2>&-", 2)]
    [InlineData("a3 nonsense 2>/dev/full", 2)]
    [InlineData("a3 nonsense <&- >&- 2>&-", 2)]
    [InlineData($"{Show} 2>&- >/dev/null", 0)]
    [InlineData($"{Show} >&- 2>&-", 1)]
    public void Without_a_place_for_errors_the_exit_code_is_that_of_the_error(string script, int code)
    {
        var given = Shell.Run(script);

        Assert.Equal((code, "", ""), (given.Code, given.Out, given.Error));
    }

    [Theory]
    [InlineData($"{Show} >&-", "standard output: it was closed when the program was started")]
    [InlineData($"{Show} >/dev/full", "standard output: No space left on device.")]
    [InlineData("a3 --help >/dev/full", "standard output: No space left on device.")]
    [InlineData("a3 --version >/dev/full", "standard output: No space left on device.")]
    [InlineData("a3 infill - <&-", "standard input: it was closed when the program was started")]
    [InlineData("a3 infill --batch - <&-", "standard input: it was closed when the program was started")]
    [InlineData("a3 infill --file /tmp", "/tmp: is a directory; expected a file.")]
    public void A_stream_that_is_not_there_or_full_is_a_failed_run(string script, string message)
    {
        var given = Shell.Run(script);

        Assert.Equal((1, ""), (given.Code, given.Out));
        Assert.StartsWith($"a3: {message}", given.Error, StringComparison.Ordinal);
        Assert.Single(given.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("show 'bisect | singletons' --length 64", "true")]
    [InlineData("show curriculum paper --json", "true")]
    [InlineData("inspect --tensors", "true")]
    [InlineData("--help", "true")]
    [InlineData("infill 'a {2} b' --samples 100000", "head -n 1")]
    [InlineData("infill 'a {2} b' --samples 100000 --json", "head -c 1")]
    [InlineData("infill --batch <(yes '{\"template\": \"a {2} b\"}')", "head -n 1")]
    [InlineData("score 'Tom had a red ball.'", "true")]
    public void A_reader_that_goes_away_ends_the_program_within_one_row(string arguments, string reader)
    {
        var model = TinyCheckpoint.In(folder);
        var given = Shell.Run($"set -o pipefail; (sleep 0.1; a3 {arguments} --model {model}) | {reader} >/dev/null");

        Assert.Equal(141, given.Code);
        Assert.DoesNotMatch("a3: (?!stopped after [0-9]{1,3} rows)", given.Error);
    }

    [Fact]
    public void Nobody_need_read_what_a_batch_with_an_output_does_not_write()
    {
        File.WriteAllText(folder.File("rows"), """{"template": "a {2} b"}""");
        var given = Shell.Run($"set -o pipefail; a3 infill --batch rows --output results --model {TinyCheckpoint.In(folder)} | true", folder.Path);

        Assert.Equal(0, given.Code);
        Assert.Single(File.ReadAllLines(folder.File("results")));
    }

    [Theory]
    [InlineData("a3 infill --batch /dev/zero", "/dev/zero line 1: no end after 268435456 bytes")]
    [InlineData("a3 infill - </dev/zero", "standard input: more than 16777216 bytes")]
    [InlineData("a3 score --alternatives-file /dev/zero 'a ___'", "/dev/zero: more than 16777216 bytes")]
    public void Input_without_an_end_is_refused(string script, string message)
    {
        var given = Shell.Run(script);

        Assert.Equal((2, ""), (given.Code, given.Out));
        Assert.StartsWith($"a3: {message}", given.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wait_for_input_that_never_comes_can_be_cancelled(bool hasWriter)
    {
        var fifo = folder.File("fifo");
        Shell.Run($"mkfifo {fifo}");
        using var writer = hasWriter ? new FileStream(fifo, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite) : null;

        foreach (var option in (string[])["--file", "--batch"])
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            var given = CommandLine.Run(Ink.Plain, source.Token, "infill", option, fifo, "--model", TinyCheckpoint.In(folder));

            Assert.Equal((130, ""), (given.Code, given.Out));
            Assert.Matches("^a3: (cancelled|stopped after 0 rows)", given.Error);
        }
    }
}

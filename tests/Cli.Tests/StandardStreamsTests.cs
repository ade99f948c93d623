using Xunit;

namespace A3.Cli.Tests;

public sealed class StandardStreamsTests : StandardStreamLaws
{
    [Theory]
    [InlineData("a3 nonsense <&- >&- 2>&-", 2)]
    [InlineData($"{Show} >&- 2>&-", 1)]
    public void Without_a_place_for_errors_the_exit_code_is_that_of_the_error(string script, int code) => AssertSilent(script, code);

    [Theory]
    [InlineData($"{Show} >/dev/full", 1, "standard output: No space left on device.")]
    [InlineData("a3 infill - <&-", 1, "standard input: it was closed when the program was started")]
    public void A_stream_that_is_not_there_or_full_is_a_failed_run(string script, int code, string message) =>
        AssertOneLine(script, code, message);

    [Theory]
    [InlineData("a3 infill - </dev/zero", 2, "standard input: more than 16777216 bytes")]
    public void Input_without_an_end_is_refused(string script, int code, string message) => AssertOneLine(script, code, message);

    [Theory]
    [InlineData("inspect --tensors", "true")]
    [InlineData("infill 'a {2} b' --samples 100000", "head -n 1")]
    public void A_reader_that_goes_away_ends_the_program_within_one_row(string arguments, string reader) =>
        AssertEndsWithinOneRow(arguments, reader);

    [Fact]
    public void Nobody_need_read_what_a_batch_with_an_output_does_not_write()
    {
        File.WriteAllText(Folder.File("rows"), """{"template": "a {2} b"}""");
        var given = Shell.Run($"set -o pipefail; a3 infill --batch rows --output results --model {TinyCheckpoint.In(Folder)} | true", Folder.Path);

        Assert.Equal(0, given.Code);
        Assert.Single(File.ReadAllLines(Folder.File("results")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wait_for_input_that_never_comes_can_be_cancelled(bool hasWriter)
    {
        var fifo = Folder.File("fifo");
        Shell.Run($"mkfifo {fifo}");
        using var writer = hasWriter ? new FileStream(fifo, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite) : null;

        foreach (var option in (string[])["--file", "--batch"])
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            var given = CommandLine.Run(Ink.Plain, source.Token, "infill", option, fifo, "--model", TinyCheckpoint.In(Folder));

            Assert.Equal((130, ""), (given.Code, given.Out));
            Assert.Matches("^a3: (cancelled|stopped after 0 rows)", given.Error);
        }
    }
}

using Xunit;

namespace A3.Slow.Tests;

public sealed class StandardStreamsTests : StandardStreamLaws
{
    [SlowTheory]
    [InlineData("a3 nonsense 2>&-", 2)]
    [InlineData("a3 nonsense 2>/dev/full", 2)]
    [InlineData($"{Show} 2>&- >/dev/null", 0)]
    public void Without_a_place_for_errors_the_exit_code_is_that_of_the_error(string script, int code) => AssertSilent(script, code);

    [SlowTheory]
    [InlineData($"{Show} >&-", 1, "standard output: it was closed when the program was started")]
    [InlineData("a3 --help >/dev/full", 1, "standard output: No space left on device.")]
    [InlineData("a3 --version >/dev/full", 1, "standard output: No space left on device.")]
    [InlineData("a3 infill --batch - <&-", 1, "standard input: it was closed when the program was started")]
    [InlineData("a3 infill --file /tmp", 1, "/tmp: is a directory; expected a file.")]
    public void A_stream_that_is_not_there_or_full_is_a_failed_run(string script, int code, string message) =>
        AssertOneLine(script, code, message);

    [SlowTheory]
    [InlineData("a3 infill --batch /dev/zero", 2, "/dev/zero line 1: no end after 268435456 bytes")]
    [InlineData("a3 score --alternatives-file /dev/zero 'a ___'", 2, "/dev/zero: more than 16777216 bytes")]
    public void Input_without_an_end_is_refused(string script, int code, string message) => AssertOneLine(script, code, message);

    [SlowTheory]
    [InlineData("show 'bisect | singletons' --length 64", "true")]
    [InlineData("show curriculum paper --json", "true")]
    [InlineData("--help", "true")]
    [InlineData("infill 'a {2} b' --samples 100000 --json", "head -c 1")]
    [InlineData("infill --batch <(yes '{\"template\": \"a {2} b\"}')", "head -n 1")]
    [InlineData("score 'Tom had a red ball.'", "true")]
    public void A_reader_that_goes_away_ends_the_program_within_one_row(string arguments, string reader) =>
        AssertEndsWithinOneRow(arguments, reader);
}

using Xunit;

namespace A3.Tests;

/// <summary>Streams that are closed, full, without a reader or without an end: never a stack trace, never a wait for ever.</summary>
public abstract class StandardStreamLaws : IDisposable
{
    protected const string Show = "a3 show 'bisect | singletons' --length 8";

    private protected Folder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static void AssertSilent(string script, int code)
    {
        var given = Shell.Run(script);

        Assert.Equal((code, "", ""), (given.Code, given.Out, given.Error));
    }

    /// <summary>One line on standard error, and nothing else.</summary>
    protected static void AssertOneLine(string script, int code, string message)
    {
        var given = Shell.Run(script);

        Assert.Equal((code, ""), (given.Code, given.Out));
        Assert.StartsWith($"a3: {message}", given.Error, StringComparison.Ordinal);
        Assert.Single(given.Error.TrimEnd().Split('\n'));
    }

    protected void AssertEndsWithinOneRow(string arguments, string reader)
    {
        var model = TinyCheckpoint.In(Folder);
        var given = Shell.Run($"set -o pipefail; (sleep 0.1; a3 {arguments} --model {model}) | {reader} >/dev/null");

        Assert.Equal(141, given.Code);
        Assert.DoesNotMatch("a3: (?!stopped after [0-9]{1,3} rows)", given.Error);
    }
}

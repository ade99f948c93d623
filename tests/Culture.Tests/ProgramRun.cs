using System.Text.RegularExpressions;
using A3.Cli;

namespace A3.Culture.Tests;

/// <summary>The program in this process, with the culture of the thread; as a process of its own it has none.</summary>
internal static partial class ProgramRun
{
    /// <summary>Exit code, standard output and standard error of a command line, blanks between its words.</summary>
    public static string Of(params string[] arguments)
    {
        using var result = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var output = new Output(result, error, Ink.Plain, Ink.Plain, false, width: 100, height: 40, arguments.Contains("--json"));
        var code = Program.run(output, CancellationToken.None, arguments);
        return Speeds().Replace($"{code}\n{result}\n{error}", "0 tokens/s");
    }

    /// <summary>They differ from run to run.</summary>
    [GeneratedRegex(@"[0-9.,]+ tokens/s")]
    private static partial Regex Speeds();
}

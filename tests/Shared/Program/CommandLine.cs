using System.Text.Json;
using A3.Cli;

namespace A3.Tests;

/// <summary>What a command line gave: exit code, standard output, standard error.</summary>
internal sealed record CommandLine(int Code, string Out, string Error)
{
    public static readonly string[] Commands =
        ["infill", "generate", "score", "show", "inspect", "train", "plot", "conform", "bench"];

    /// <summary>Runs the program in this process, as it runs in a pipe.</summary>
    public static CommandLine Run(params string[] arguments) => Run(Ink.Plain, CancellationToken.None, arguments);

    /// <summary>Runs the program in this process.</summary>
    public static CommandLine Run(Ink ink, CancellationToken cancellation, params string[] arguments)
    {
        using var result = new StringWriter();
        using var error = new StringWriter();
        var (isTerminal, json) = (ink != Ink.Plain, arguments.Contains("--json"));
        var output = new Output(result, error, ink, ink, isTerminal, width: 100, height: 40, json);
        var code = Program.run(output, cancellation, arguments);
        return new(code, result.ToString(), error.ToString());
    }

    /// <summary>Every line of the output as JSON.</summary>
    public JsonElement[] Json()
    {
        var lines = Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }
}

using System.Diagnostics;
using System.Globalization;
using A3.Fuzz.Tests.Formats;
using Xunit;

namespace A3.Fuzz.Tests;

/// <summary>
/// Whatever the input, its reader gives a value or an exception of the family of answers, soon. <c>A3_FUZZ</c> is the number of
/// inputs per format; an input that breaks the law is kept in <c>fuzz-failures</c> beside the tests.
/// </summary>
public sealed class FuzzTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Hanging = TimeSpan.FromSeconds(60);

    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("A3_FUZZ"), CultureInfo.InvariantCulture, out var count) ? count : 300;

    public static TheoryData<string> Names => [.. Format.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_input_gives_a_value_or_an_answer_soon(string name)
    {
        var format = Format.All.Single(format => format.Name == name);
        List<string> faults = [];
        for (var seed = 0; seed < Inputs && faults.Count < 5; seed++)
        {
            var mutator = new Mutator(seed);
            var input = mutator.Mutate(mutator.Pick(format.Seeds.Value), format.IsText);
            if (Fault(format, input) is { } fault)
            {
                faults.Add($"{Keep(format, seed, input)}: {fault}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>How the input breaks the law; null where it does not. A slow one has a second chance, since other processes take time too.</summary>
    private static string? Fault(Format format, byte[] input)
    {
        var (fault, time) = Outcome(format, input);
        if (fault is not null || time < Longest)
        {
            return fault;
        }

        (fault, time) = Outcome(format, input);
        return fault ?? (time < Longest ? null : $"took {time.TotalSeconds:F1} s");
    }

    private static (string? Fault, TimeSpan Time) Outcome(Format format, byte[] input)
    {
        var clock = Stopwatch.StartNew();
        var reading = Task.Run(() => Read(format, input));
        return reading.Wait(Hanging) ? (reading.Result, clock.Elapsed) : ($"did not end within {Hanging}", TimeSpan.Zero);
    }

    private static string? Read(Format format, byte[] input)
    {
        try
        {
            format.Read(input);
            return null;
        }
        catch (Exception error) when (format.Answers(error))
        {
            return null;
        }
        catch (Exception error)
        {
            return error.ToString();
        }
    }

    private static string Keep(Format format, int seed, byte[] input)
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "fuzz-failures"));
        var path = Path.Combine(folder.FullName, $"{format.Name.Replace(' ', '-')}-{seed}");
        File.WriteAllBytes(path, input);
        return path;
    }
}

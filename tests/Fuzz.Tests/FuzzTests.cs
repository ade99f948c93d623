using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using A3.Fuzz.Tests.Formats;
using Xunit;

namespace A3.Fuzz.Tests;

/// <summary>
/// Whatever the input, its reader gives a value or an exception of the family of answers, soon and within its memory. <c>A3_FUZZ</c> is the
/// number of inputs of each format; an input that breaks the law is kept in <c>fuzz-failures</c> beside the tests.
/// </summary>
public sealed class FuzzTests
{
    private const int Usual = 300, ValidInputs = 60;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Hanging = TimeSpan.FromSeconds(60);

    private static readonly Format[] Formats =
        [.. TextForms.All, .. CheckpointFiles.All, .. RunFiles.All, .. BatchRows.All, TokenCaches.Format, CallSequences.Format];

    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("A3_FUZZ"), CultureInfo.InvariantCulture, out var count) ? count : Usual;

    public static TheoryData<string> Names => [.. Formats.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_input_without_a_fault_is_read(string name)
    {
        var format = Of(name);
        var inputs = Enumerable.Range(0, Math.Max(3, ValidInputs / format.Rarity)).Select(format.Seed).ToArray();

        var refused = inputs.Select(input => Record.Exception(() => format.Read(input))).OfType<Exception>().ToArray();

        Assert.True(refused.Length == 0, $"{refused.Length} of {inputs.Length} are refused, such as by {refused.FirstOrDefault()}");
        Assert.True(inputs.Select(Convert.ToHexString).Distinct().Count() >= 3, "the inputs are all alike.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_input_gives_a_value_or_an_answer_soon_and_within_its_memory(string name)
    {
        var format = Of(name);
        var (refused, count) = (0, Math.Max(20, Inputs / format.Rarity));
        List<string> faults = [];
        for (var number = 0; number < count && faults.Count < 5; number++)
        {
            var input = format.Faulty(number);
            var outcome = Outcome.Of(format, input);
            refused += outcome.IsRefused ? 1 : 0;
            if (Fault(format, input, outcome) is { } fault)
            {
                faults.Add($"{Keep(format, number, input)}: {fault}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));

        // Faults that are all refused at the first byte, or none at all, would test nothing.
        Assert.InRange(refused, format.IsForgiving ? 0 : count / 10, count - (count / 50));
    }

    [Fact]
    public void The_same_number_gives_the_same_input_in_every_process()
    {
        var bytes = Enumerable.Range(0, 20).SelectMany(Of("order").Faulty).ToArray();

        Assert.Equal("973699708b8ac860", Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
    }

    private static Format Of(string name) => Formats.Single(format => format.Name == name);

    /// <summary>How the input breaks the law; null where it does not. A slow one has a second chance, since other processes take time too.</summary>
    private static string? Fault(Format format, byte[] input, Outcome outcome) =>
        outcome.Fault ?? (outcome.Bytes > format.Memory ? $"allocated {outcome.Bytes} bytes"
            : outcome.Time < Longest ? null
            : Outcome.Of(format, input) is { Time: var time } && time < Longest ? null
            : $"took {outcome.Time.TotalSeconds:F1} s");

    private static string Keep(Format format, int number, byte[] input)
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "fuzz-failures"));
        var path = Path.Combine(folder.FullName, $"{format.Name.Replace(' ', '-')}-{number}");
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>What became of an input.</summary>
    private sealed record Outcome(string? Fault, bool IsRefused, TimeSpan Time, long Bytes)
    {
        public static Outcome Of(Format format, byte[] input)
        {
            var reading = Task.Run(() => Read(format, input));
            return reading.Wait(Hanging) ? reading.Result : new($"did not end within {Hanging}", false, TimeSpan.Zero, 0);
        }

        private static Outcome Read(Format format, byte[] input)
        {
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            var error = Record.Exception(() => format.Read(input));
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            var fault = error is null || format.Answers(error) ? null : error.ToString();
            return new(fault, error is not null, clock.Elapsed, bytes);
        }
    }
}

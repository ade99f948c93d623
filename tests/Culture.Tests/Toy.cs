using System.Text.RegularExpressions;

namespace A3.Culture.Tests;

/// <summary>A run of some steps in a folder of its own, trained by the program.</summary>
internal sealed partial class Toy : IDisposable
{
    private static readonly string[] Names = ["Tom", "Ira", "Igor"];

    private readonly string folder = Directory.CreateTempSubdirectory("a3-culture-").FullName;

    /// <summary>Trains it, under the culture of the thread.</summary>
    public Toy()
    {
        File.WriteAllLines(
            Path.Combine(folder, "stories.txt"),
            Enumerable.Range(0, 30).Select(i => $"{Names[i % 3]} had {i} red balls, {i}.5 kg in all. It was I, İ or ı?\n<|endoftext|>"));
        Said = ProgramRun.Of(
            "train", Path.Combine(folder, "stories.txt"), "--validation", Path.Combine(folder, "stories.txt"), "--out", Run, "--curriculum",
            "stage 0.5, query 0.75, content 0.25: 0.5 * (random -7 | chunks 2) + 1.5 * (left-to-right | singletons); stage rest: 2 * (random | chunks 3)",
            "--tokens", "900", "--vocabulary", "300", "--width", "16", "--layers", "1", "--heads", "2", "--context", "48", "--batch-tokens",
            "192", "--learning-rate", "0.0125", "--validate-every", "2", "--validation-rows", "4", "--seed", "-3", "--device", "cpu");
    }

    /// <summary>What the program said.</summary>
    public string Said { get; }

    /// <summary>Its directory, which is a model too.</summary>
    public string Run => Path.Combine(folder, "run");

    /// <summary>The bytes of a file of the run, its folder and its times left out.</summary>
    public string Text(string file) => Timeless(File.ReadAllText(Path.Combine(Run, file)));

    /// <summary>Without what differs from run to run: the folder, and the digits of numbers (their signs and separators stay).</summary>
    public string Timeless(string text) => Digits().Replace(text.Replace(folder, "", StringComparison.Ordinal), "0");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}

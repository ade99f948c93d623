namespace A3.Culture.Tests;

/// <summary>What is printed on a machine without a culture, each once.</summary>
public sealed class InvariantFixture
{
    private static readonly string[] Files = ["metrics.jsonl", "training.json", "config.json"];

    private readonly Dictionary<string, string> printed = [];

    /// <summary>What a run writes and says.</summary>
    public string Trained { get; } = Cultures.Under("", () =>
    {
        using var toy = new Toy();
        return Written(toy);
    });

    /// <summary>What is printed under a name of <see cref="Culture.Tests.Printed"/>.</summary>
    public string Printed(string name) =>
        printed.TryGetValue(name, out var text) ? text : printed[name] = Cultures.Under("", Culture.Tests.Printed.All[name]);

    /// <summary>The files of a run, and what the program says of it.</summary>
    internal static string Written(Toy toy) => string.Join(
        "\n",
        [
            toy.Timeless(toy.Said),
            .. Files.Select(toy.Text),
            toy.Timeless(ProgramRun.Of("inspect", toy.Run)),
            toy.Timeless(ProgramRun.Of("plot", toy.Run)),
            .. Directory.GetFiles(toy.Run, "*.svg").Order(StringComparer.Ordinal).Select(file => toy.Timeless(File.ReadAllText(file))),
        ]);
}

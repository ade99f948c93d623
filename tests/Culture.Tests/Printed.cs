namespace A3.Culture.Tests;

/// <summary>What library and program print: a name for each, and how to have it printed.</summary>
internal static class Printed
{
    private const string Story = "Tom was {2} today. I had 1.5 kg of {0..2} \\{7\\}.";

    public static readonly IReadOnlyDictionary<string, Func<string>> All = new Dictionary<string, Func<string>>
    {
        ["orders"] = () => Order.Parse("random -7 then reverse (bisect)").ToString()!,
        ["groupings"] = () => Grouping.Parse("random -9223372036854775808 | geometric 1 1.5").ToString()!,
        ["policies"] = () => $"{Policy.Parse("entropy | threshold 0.25 | window 8")}; {Policy.Parse("confidence | threshold 1e-5")}",
        ["curricula"] = () => Curriculum.Parse("stage 0.5, query 0.75: 0.5 * (random -7 | chunks 2) + 1e-3 * (bisect | singletons); stage rest: left-to-right | singletons").ToString()!,
        ["shapes of a network"] = () => $"{Architecture.Create(300, 16, 2, 2, 64)}; {Architecture.Create(300, 16, 2, 2, 64).NormEpsilon.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}",
        ["numbers refused in text forms"] = () => Refusals("random 1,5 | chunks 2", "left-to-right | chunks -2", "strided −3 | singletons", "random ٣ | chunks 2"),
        ["numbers refused in options"] = () => Refusal(() => new SamplingOptions { Temperature = -0.5 })
            + Refusal(() => new SamplingOptions { TopK = -2 })
            + Refusal(() => new RevisionOptions { Share = -1.5 })
            + Refusal(() => TokenConstraint.Only(-3))
            + Refusal(() => Template.Parse("{-3..1,5}"))
            + Refusal(() => Architecture.Create(-300, 16, 2, 2, 64))
            + Refusal(() => Trainer.Start(new() { Data = ["x"], Output = "y", LearningRate = -0.5 })),
        ["templates"] = () => Template.Parse("{12..30} ___ \\{-3\\} İıI {0}").ToString(),
        ["infill"] = () => ProgramRun.Of("infill", Story, "--seed", "-3", "--temperature", "0.75", "--top-p", "0.9", "--policy", "random -2 | chunks 2"),
        ["infill as JSON"] = () => ProgramRun.Of("infill", Story, "--seed", "-3", "--temperature", "0.75", "--min-p", "0.05", "--json"),
        ["infill, step by step"] = () => ProgramRun.Of("infill", Story, "--seed", "-3", "--trace"),
        ["generate"] = () => ProgramRun.Of("generate", "I was 1.5 m tall.", "--length", "3", "--seed", "-1"),
        ["score"] = () => ProgramRun.Of("score", "He was [[1.5]] m tall.", "--grouping", "random -4 | chunks 2"),
        ["score as JSON"] = () => ProgramRun.Of("score", "He was [[1.5]] m tall.", "--json"),
        ["score of alternatives"] = () => ProgramRun.Of("score", "He was ___ today.", "--alternatives", "sad", "İıI", "1.5"),
        ["orders of a score"] = () => ProgramRun.Of("score", "He was sad.", "--orders", "3", "--seed", "-2"),
        ["show"] = () => ProgramRun.Of("show", "random -7 | chunks 4", "--length", "12"),
        ["show as JSON"] = () => ProgramRun.Of("show", "random -7 | geometric 1 1.5", "--length", "12", "--json"),
        ["show of a curriculum"] = () => ProgramRun.Of("show", "curriculum", "paper"),
        ["show of a curriculum as JSON"] = () => ProgramRun.Of("show", "curriculum", "paper", "--json"),
        ["inspect"] = () => ProgramRun.Of("inspect"),
        ["inspect as JSON"] = () => ProgramRun.Of("inspect", "--json"),
        ["misuse"] = () => ProgramRun.Of("infill", "x {2}", "--temperature", "0,7") + ProgramRun.Of("infill", "x {2}", "--top-k", "-3")
            + ProgramRun.Of("infill", "x {2}", "--seed", "−3") + ProgramRun.Of("INFILL") + ProgramRun.Of("show", "TITLE | singletons"),
    };

    private static string Refusals(params string[] groupings) => string.Concat(groupings.Select(text => Refusal(() => Grouping.Parse(text))));

    private static string Refusal(Func<object> work)
    {
        try
        {
            return $"none: {work()}\n";
        }
        catch (Exception error) when (error is A3Exception or ArgumentException)
        {
            return $"{error.Message}\n";
        }
    }
}

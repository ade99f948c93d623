using System.Text;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Texts that people write: each is parsed, and what parses is printed and parsed again.</summary>
internal static class TextFormats
{
    public static IEnumerable<Format> All =>
    [
        Of("order", ["random 7", "blockwise 4 (right-to-left)", "inside-out 3", "explicit 0 2 1", "bisect"], text => Order.Parse(text).ToString()),
        Of("grouping", ["random 7 | chunks 4", "left-to-right | sizes 1 2 3", "bisect | geometric 1 2.0"], text => Grouping.Parse(text).ToString()),
        Of("policy", ["left-to-right | singletons", "confidence | constant 2", "entropy | threshold 0.5 | window 8"], text => Policy.Parse(text).ToString()),
        Of("partition", ["given 0..3 8 / 4 7 / 5..6", "0..9"], text => Partition.Parse(text).ToString()),
        Of("factorization", ["p(4 7 | 0..3) p(5..6 | 0..4 7)"], text => Factorization.Parse(text).ToString()),
        Of("mask", ["earlier-group or same-group", "not (same-group and earlier-group)"], text => Mask.Parse(text).ToString()),
        Of("curriculum", [Curriculum.Paper.ToString(), Curriculum.Infill.ToString(), Curriculum.Ar.ToString()], text => Curriculum.Parse(text).ToString()),
        Of("template", ["Tom had a {3} ball. ___ He was {2..5}.", "\\{a} {12} \\_", "a ___ b"], text => Template.Parse(text).ToString()),
        Of("marked text", ["Tom had [[a red]] ball.", "a [b] c", "\\[\\[a]] [[b]] \\\\"], text => MarkedText.Parse(text).ToString()),
    ];

    private static Format Of(string name, string[] seeds, Func<string, string> print) =>
        new(name, IsText: true, new(() => [.. seeds.Select(Seeds.Utf8)]), content => Again(Encoding.UTF8.GetString(content), print));

    private static void Again(string text, Func<string, string> print)
    {
        var printed = print(text);
        if (print(printed) != printed)
        {
            throw new FormatException($"{printed} does not print as it was parsed");
        }
    }
}

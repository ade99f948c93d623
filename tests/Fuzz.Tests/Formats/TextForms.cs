using System.Text;
using A3.Fuzz.Tests.Mutators;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Texts that people write, by the grammars of docs/text-forms.md: each is parsed, and what parses is printed and parsed again.</summary>
internal static class TextForms
{
    public static IEnumerable<Format> All =>
    [
        Of("order", SpecificationTexts.Order, text => Order.Parse(text).ToString()),
        Of("grouping", SpecificationTexts.Grouping, text => Grouping.Parse(text).ToString()),
        Of("policy", SpecificationTexts.Policy, text => Policy.Parse(text).ToString()),
        Of("partition", SpecificationTexts.Partition, text => Partition.Parse(text).ToString()),
        Of("factorization", SpecificationTexts.Factorization, text => Factorization.Parse(text).ToString()),
        Of("mask", SpecificationTexts.Mask, text => Mask.Parse(text).ToString()),
        Of("curriculum", SpecificationTexts.Curriculum, text => Curriculum.Parse(text).ToString()),
        Of("template", StoryTexts.Template, text => Template.Parse(text).ToString()),
        Of("marked text", StoryTexts.Marked, text => MarkedText.Parse(text).ToString()),
    ];

    private static Format Of(string name, Gen<string> valid, Func<string, string> print) =>
        new(name, valid.Select(Encoding.UTF8.GetBytes), TextMutator.Mutate, content => Again(Encoding.UTF8.GetString(content), print));

    private static void Again(string text, Func<string, string> print)
    {
        var printed = print(text);
        if (print(printed) != printed)
        {
            throw new FormatException($"{printed} does not print as it was parsed");
        }
    }
}

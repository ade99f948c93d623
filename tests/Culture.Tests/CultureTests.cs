using Xunit;

namespace A3.Culture.Tests;

/// <summary>What is printed and parsed is the same bytes on a machine of any culture.</summary>
public sealed class CultureTests(InvariantFixture invariant) : IClassFixture<InvariantFixture>
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var culture in Cultures.Names)
            {
                foreach (var name in Printed.All.Keys)
                {
                    cases.Add(culture, name);
                }
            }

            return cases;
        }
    }

    public static TheoryData<string> Names => [.. Cultures.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_printed_is_the_same_bytes(string culture, string name)
    {
        Cultures.Require();
        Assert.Equal(invariant.Printed(name), Cultures.Under(culture, Printed.All[name]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_run_is_trained_inspected_and_drawn_alike(string culture)
    {
        Cultures.Require();
        var said = Cultures.Under(culture, () =>
        {
            using var toy = new Toy();
            return InvariantFixture.Written(toy);
        });
        Assert.Equal(invariant.Trained, said);
    }

    /// <summary>The cultures do what makes them worth testing.</summary>
    [Fact]
    public void The_cultures_write_numbers_and_letters_otherwise()
    {
        Cultures.Require();
        Assert.Equal("1,5", Cultures.Under("de-DE", () => $"{1.5}"));
        Assert.Equal("ı", Cultures.Under("tr-TR", () => "I".ToLower(System.Globalization.CultureInfo.CurrentCulture)));
        Assert.All(["sv-SE", "ar-SA", "fa-IR"], culture => Assert.NotEqual("-1", Cultures.Under(culture, () => $"{-1}")));
    }
}

using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Templates;

public sealed class TemplateTests
{
    private static TemplatePart Text(string text) => TemplatePart.Given(text);

    private static TemplatePart Gap(int length) => TemplatePart.Gap(length);

    [Fact]
    public void Underscores_are_a_gap_of_the_default_length()
    {
        Assert.Equal(
            Template.Of(Text("Tom had a red ball. "), Gap(5), Text(" He was happy.")),
            Template.Parse("Tom had a red ball. ___ He was happy.", 5));
        Assert.Equal(Template.Of(Gap(Template.DefaultGap)), Template.Parse("__________"));
        Assert.Equal(Template.Of(Text("snake_case __init__")), Template.Parse("snake_case __init__"));
    }

    [Fact]
    public void Braces_are_a_gap_of_that_length_and_there_may_be_several()
    {
        Assert.Equal(Template.Of(Gap(12), Text("a"), Gap(1), Gap(2), Text("b}")), Template.Parse("{12}a{1}{2}b}"));
        Assert.Equal(Template.Of(), Template.Parse(""));
    }

    [Fact]
    public void Escapes_stand_for_the_characters_themselves()
    {
        Assert.Equal(Template.Of(Text("{12} ___ \\ C:\\temp \\")), Template.Parse(@"\{12} \___ \\ C:\temp \", 3));
        Assert.Equal(Template.Of(Text("_"), Gap(3)), Template.Parse(@"\____", 3));
    }

    [Theory]
    [InlineData("ab {x} c", 4, "'{x}' is not a gap: expected a number of tokens, such as")]
    [InlineData("{-1}", 1, "'{-1}' is not a gap")]
    [InlineData("{99999999999}", 1, "'{99999999999}' is not a gap")]
    [InlineData("a {} b", 3, "'{}' is not a gap")]
    [InlineData("a {12", 3, "no '}' follows")]
    [InlineData("___ {16..8}", 5, "has no length: the fewest tokens come first")]
    [InlineData("___ {8..}", 5, "is not a gap")]
    [InlineData("___ {1..2..3}", 5, "is not a gap")]
    public void An_error_names_the_column(string text, int column, string message)
    {
        Assert.False(Template.TryParse(text, 8, out var template, out var error));
        Assert.Null(template);
        Assert.Equal(column, error.Column);
        Assert.StartsWith($"column {column}: ", error.Message);
        Assert.Contains(message, error.Message);
        Assert.Throws<TemplateException>(() => Template.Parse(text));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_by_its_column()
    {
        Assert.False(Template.TryParse("\ud83d\ude42 ___ \ud83d {x}", 8, out _, out var error));
        Assert.Equal("column 8: U+D83D is half a surrogate pair, which no UTF-8 can hold; give whole characters.", error.Message);
    }

    [Fact]
    public void The_text_form_parses_back()
    {
        var part = Gen.OneOf(
            Gen.Choose(1, 30).Select(Gap),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Where(text => WellFormed.HalfPair(text.Get) < 0).Select(text => Text(text.Get)),
            Gen.Elements("_", "___", "{", "}", "\\", "{12}", "\\{").Select(Text));
        var template = part.ArrayOf().Select(parts => Template.Of(parts)).ToArbitrary();

        Check.One(
            Config.QuickThrowOnFailure,
            Prop.ForAll(template, template => Assert.Equal(template, Template.Parse(template.ToString()))));
    }

    [Fact]
    public void Negative_lengths_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Template.Parse("___", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gap(-1));
    }
}

using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class ConstraintTests
{
    private const string Story = "Tom had{8} He was{8} Tom";

    /// <summary>What was drawn in the gaps, but for the tokens that given text reaches into.</summary>
    private static int[] Drawn(A3Model model, DecodingOptions options)
    {
        var text = model.Infill(Story, options);
        return
        [
            .. text.Gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Length))
                .Where(position => text.Borders.All(border => border.Position != position))
                .Select(position => text.Tokens[position].Token),
        ];
    }

    [Theory]
    [InlineData(null)]
    [InlineData("random 3 | chunks 4")]
    [InlineData("margin | constant 2")]
    public void Only_what_is_allowed_is_drawn(string? policy)
    {
        using var model = TestModel.Fake();
        int[] some = [3, 50, 60, 70];
        var options = new DecodingOptions { Policy = policy is null ? null : Policy.Parse(policy), Seed = 5 };

        Assert.Subset(some.ToHashSet(), Drawn(model, options with { Constraint = TokenConstraint.Only(some) }).ToHashSet());
        var free = Drawn(model, options);
        var barred = Drawn(model, options with { Constraint = TokenConstraint.Except(free) });
        Assert.Empty(free.Intersect(barred));
    }

    [Fact]
    public void A_gap_has_a_constraint_of_its_own_beside_that_of_all()
    {
        using var model = TestModel.Fake();
        var options = new DecodingOptions
        {
            SpeculativeWindow = 3,
            Constraint = TokenConstraint.Only(40, 41, 42, 43),
            GapConstraints = new Dictionary<int, TokenConstraint> { [1] = TokenConstraint.Except(40, 41) },
        };
        var drawn = Drawn(model, options);

        Assert.Subset(new HashSet<int> { 40, 41, 42, 43 }, drawn[..8].ToHashSet());
        Assert.Contains(drawn[..8], token => token < 42);
        Assert.Subset(new HashSet<int> { 42, 43 }, drawn[8..].ToHashSet());
    }

    [Fact]
    public void Marks_are_no_text_but_the_end_may_come_where_nothing_given_follows()
    {
        using var model = TestModel.Fake(context: 512);
        bool Special(int token) => model.Tokenizer.IsSpecial(token);
        DecodingOptions Seeded(int seed) => new() { Seed = seed };
        int[] inside = [.. Enumerable.Range(0, 60).SelectMany(seed => Drawn(model, Seeded(seed)))];
        int[] unbound = [.. Enumerable.Range(0, 60).SelectMany(seed => Drawn(model, Seeded(seed) with { AllowSpecialTokens = true }))];
        var atTheEnd = model.Infill("Tom had{500}", Seeded(0)).Tokens.Skip(3).Select(token => token.Token).Where(Special).Distinct();

        Assert.DoesNotContain(inside, Special);
        Assert.Contains(unbound, Special);
        Assert.Equal([model.Tokenizer.EosId!.Value], atTheEnd);
    }

    [Fact]
    public void Log_probabilities_stay_those_of_the_model()
    {
        using var model = TestModel.Fake();
        var text = model.Infill(Story, new() { Constraint = TokenConstraint.Where(model.Tokenizer, token => token.Contains('a')) });

        Assert.Equal(model.Score(text).LogProbability, text.LogProbability, 1e-9);
        Assert.True(text.Steps.Sum(step => step.Tokens[0].SamplingLogProbability) > text.LogProbability);
        Assert.All(text.Gaps, gap => Assert.Equal(8, gap.Text.Count(character => character == 'a') is >= 1 ? 8 : 0));
    }

    [Fact]
    public void What_cannot_be_obeyed_is_named_before_any_work()
    {
        using var model = TestModel.Fake();
        string Message(DecodingOptions options) =>
            Assert.Throws<RequestException>(() => model.Prepare(Template.Parse(Story), options)).Message;
        var vocabulary = model.Tokenizer.VocabularySize;

        Assert.StartsWith($"the constraint names token {vocabulary}", Message(new() { Constraint = TokenConstraint.Only(vocabulary) }));
        Assert.StartsWith(
            "the constraints of gap 0 leave no token",
            Message(new() { Constraint = TokenConstraint.Only(40).And(TokenConstraint.Except(40)) }));
        Assert.StartsWith(
            "GapConstraints[2], but there are 2 gaps",
            Message(new() { GapConstraints = new Dictionary<int, TokenConstraint> { [2] = TokenConstraint.Only(40) } }));
        Assert.StartsWith(
            "GapConstraints[-1], but there are 2 gaps",
            Message(new() { GapConstraints = new Dictionary<int, TokenConstraint> { [-1] = TokenConstraint.Only(40) } }));
        Assert.StartsWith("no token is allowed", Assert.Throws<RequestException>(() => TokenConstraint.Only()).Message);
        Assert.StartsWith("token -1 is negative", Assert.Throws<RequestException>(() => TokenConstraint.Except(-1)).Message);
    }
}

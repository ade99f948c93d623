using Xunit;

namespace A3.Runtime.Tests.Api;

/// <summary>What an input can cause is of one family and says it in one line, whatever door the input comes by.</summary>
public sealed class ExceptionFamilyTests : IDisposable
{
    private const string Story = "Tom had {2} ball. He was very happy.";

    private static readonly Grouping OneByOne = Grouping.Parse("left-to-right | singletons");

    private static readonly Dictionary<string, Action<A3Model>> Requests = new()
    {
        ["a template that does not parse"] = model => model.Infill("Tom {x} ball."),
        ["a gap longer than the context"] = model => model.Infill("Tom {60000} ball."),
        ["a text longer than the context"] = model => model.Score(string.Concat(Enumerable.Repeat("Tom had a ball. ", 60))),
        ["half a surrogate pair"] = model => model.Infill("Tom \ud83d {2} ball."),
        ["no text"] = model => model.Score(""),
        ["marks that do not end"] = model => model.Score(MarkedText.Parse("Tom had [[a ball.")),
        ["a gap of unknown length at the end"] = model => model.Infill("Tom had {0..3}"),
        ["a policy that needs words"] = model => model.Infill(Story, new() { Policy = Policy.Parse("left-to-right | words") }),
        ["a policy with evidence of its own"] = model => model.Infill(Story, new() { Policy = Policy.Parse("left-to-right | singletons | given 3") }),
        ["speculation over groups"] = model => model.Infill(Story, new() { Policy = Policy.Parse("left-to-right | chunks 2"), SpeculativeWindow = 3 }),
        ["speculation under an adaptive policy"] = model => model.Infill(Story, new() { Policy = Policy.Parse("entropy | constant 1"), SpeculativeWindow = 3 }),
        ["causal decoding with text behind the gap"] = model => model.Infill(Story, new() { Causal = true }),
        ["a revision of given text"] = model => model.Infill(Story, new() { Revision = new() { Positions = [0] } }),
        ["constraints of a gap that is not there"] = model => model.Infill(Story, new() { GapConstraints = new Dictionary<int, TokenConstraint> { [7] = TokenConstraint.Only(5) } }),
        ["a constraint that names no token"] = model => model.Infill(Story, new() { Constraint = TokenConstraint.Only() }),
        ["a constraint that names a negative token"] = model => model.Infill(Story, new() { Constraint = TokenConstraint.Except(-3) }),
        ["a constraint that names an unknown token"] = model => model.Infill(Story, new() { Constraint = TokenConstraint.Only(70000) }),
        ["a constraint that no token satisfies"] = model => model.Infill(Story, new() { Constraint = TokenConstraint.Where(model.Tokenizer, _ => false) }),
        ["constraints that leave nothing together"] = model => model.Infill(Story, new() { Constraint = TokenConstraint.Only(5).And(TokenConstraint.Only(6)) }),
        ["a token that is not there"] = model => model.Prepare([70000, 5], Partition.Parse("given 0 / 1")),
        ["tokens of another length than their partition"] = model => model.Prepare([1, 5], Partition.Parse("given 0 / 1 / 2")),
        ["more tokens than the context"] = model => model.Score(new int[65], Partition.OfGroups([.. Enumerable.Range(0, 65)])),
        ["a partition beside a policy"] = model => model.Prepare([1, 5], Partition.Parse("given 0 / 1"), new() { Policy = Policy.Parse("entropy | constant 1") }),
        ["a border at given text"] = model => model.Score([1, 5], Partition.Parse("given 0 / 1"), [new(0, BorderSide.Before, [65])]),
        ["a border that its token does not hold"] = model => model.Score([1, 5], Partition.Parse("given 0 / 1"), [new(1, BorderSide.Before, [255])]),
        ["a position that is not there"] = model => model.Score([1, 5], [2], [0], OneByOne),
        ["a position that is scored and given"] = model => model.Score([1, 5], [1], [0, 1], OneByOne),
        ["an unknown token among those to score"] = model => model.Score([1, -5], [1], [0], OneByOne),
        ["no alternatives"] = model => model.Rank(Template.Parse(Story), Array.Empty<string>()),
        ["an alternative twice"] = model => model.Rank(Template.Parse(Story), ["a", "a"]),
        ["alternatives without a gap"] = model => model.Rank(Template.Parse("Tom."), ["a"]),
    };

    private static readonly Dictionary<string, Action> Forms = new()
    {
        ["an order"] = () => Order.Parse("left-to-rigth"),
        ["a grouping"] = () => Grouping.Parse("random | chunks 0"),
        ["a policy"] = () => Policy.Parse("entropy | threshold -1"),
        ["a curriculum"] = () => Curriculum.Parse("papper"),
        ["a partition"] = () => Partition.Parse("0 / 0"),
        ["a factorization"] = () => Factorization.Parse("p(0 | )("),
        ["a curriculum that is too long for its run"] = () => Curriculum.Paper.Fit(1000, 10, 7),
        ["factors that are no distribution"] = () => Factorization.Parse("p(0) p(1)").ToPartition(),
        ["a window of a policy that has none"] = () => Policy.Parse("left-to-right | singletons").WithWindow(3),
        ["words of a length"] = () => Grouping.Parse("left-to-right | words").Resolve(8),
    };

    private readonly Folder folder = new();

    public static TheoryData<string> RequestNames => [.. Requests.Keys];

    public static TheoryData<string> FormNames => [.. Forms.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(RequestNames))]
    public void A_request_that_cannot_be_served_is_of_the_family(string name)
    {
        using var model = TestModel.Fake();
        OfFamily(() => Requests[name](model), typeof(RequestException), typeof(TemplateException), typeof(TokenizerException));
    }

    /// <summary>Whatever needs the query stream says that it is not there.</summary>
    [Fact]
    public void Requests_to_a_causal_model_are_of_the_family()
    {
        using var model = TestModel.Fake(queryStream: false);
        Action[] requests =
        [
            () => model.Infill(Story),
            () => model.Score("Tom had a ball."),
            () => model.ScoreOrders("Tom had a ball.", 2),
            () => model.Rank(Template.Parse(Story), ["a", "the"]),
            () => model.ChooseLengths(Template.Parse("Tom had {0..2} ball.")),
            () => model.Prepare([1, 5], Partition.Parse("given 0 / 1")),
            () => model.Score([1, 5], Partition.Parse("given 0 / 1")),
            () => model.Score([1, 5], [1], [0], OneByOne),
            () => model.Generate("Tom", 3, new() { SpeculativeWindow = 3 }),
        ];
        Assert.All(requests, request => OfFamily(request, typeof(RequestException)));
    }

    [Theory]
    [MemberData(nameof(FormNames))]
    public void A_text_form_that_means_nothing_is_of_the_family(string name) => OfFamily(Forms[name], typeof(SpecificationException), typeof(A3Exception));

    /// <summary>Every file of a checkpoint, cut short and with other bytes in it.</summary>
    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void A_broken_file_is_of_the_family(string file)
    {
        var path = Path.Combine(TinyCheckpoint.In(folder), file);
        var whole = File.Exists(path) ? File.ReadAllBytes(path) : "{}"u8.ToArray();
        var random = new Random(file.Length);
        for (var i = 0; i < 24; i++)
        {
            byte[] broken = i % 2 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (var change = 0; change < i / 2; change++)
            {
                broken[random.Next(Math.Min(broken.Length, 2000))] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, broken);
            if (Record.Exception(() => A3Model.Load(folder.Path).Dispose()) is { } error)
            {
                OfFamily(() => throw error, typeof(CheckpointException), typeof(TokenizerException), typeof(A3Exception));
            }
        }
    }

    [Fact]
    public void A_folder_without_a_model_is_of_the_family() =>
        OfFamily(() => A3Model.Load(folder.File("nothing")), typeof(CheckpointException), typeof(TokenizerException));

    private static void OfFamily(Action work, params Type[] expected)
    {
        var error = Assert.ThrowsAny<A3Exception>(work);
        Assert.Contains(error.GetType(), expected);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("defect", error.Message);
    }
}

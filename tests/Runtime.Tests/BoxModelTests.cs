using Xunit;

namespace A3.Runtime.Tests;

/// <summary>The model in the box, which every newcomer meets first.</summary>
public sealed class BoxModelTests
{
    private const int LargestBytes = 10_000_000;

    /// <summary>Written for this test, so in nobody's training data.</summary>
    private static readonly string[] Sentences =
    [
        "Once upon a time, there was a little girl named Mia.",
        " Mia had a small boat made of wood.",
        " One day, she went to the lake with her dad.",
        " She put the boat on the water and it started to move.",
        " But then a big wind came and the boat went far away.",
        " Mia was very sad and she began to cry.",
        " Her dad said, \"Don't worry, we can find it.\"",
        " They walked and walked until they saw the boat next to a tree.",
        " Mia was so happy that she gave her dad a big hug.",
    ];

    private static readonly string Directory = Fixtures.InRepository("experiments", "models", "tinystories-a3");

    /// <summary>Loaded once; no test disposes of it.</summary>
    private static readonly Lazy<A3Model> Loaded = new(() => A3Model.Load(Directory, new LoadOptions { Device = Device.Cpu }));

    [Fact]
    public void It_fits_its_size_and_has_a_card()
    {
        var bytes = new DirectoryInfo(Directory).GetFiles().Sum(file => file.Length);

        Assert.InRange(bytes, 1, LargestBytes);
        Assert.Contains("tinystories", File.ReadAllText(Path.Combine(Directory, "README.md")), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("left-to-right | singletons")]
    [InlineData("random SEED | singletons")]
    [InlineData("random SEED | chunks 2")]
    public void A_story_is_more_probable_than_its_sentences_shuffled(string groupings)
    {
        var model = Loaded.Value;
        var shuffled = new[] { 0, 5, 2, 7, 1, 6, 3, 8, 4 }.Select(i => Sentences[i]);

        // One random order says little: which tokens come early weighs more than the order of the sentences.
        double LogProbability(IEnumerable<string> sentences) => Enumerable.Range(1, 8).Average(seed =>
            model.Score(string.Concat(sentences), Grouping.Parse(groupings.Replace("SEED", $"{seed}"))).LogProbability);

        Assert.True(LogProbability(Sentences) > LogProbability(shuffled) + 3);
    }

    [Fact]
    public void The_text_after_a_gap_makes_its_own_word_more_probable()
    {
        var model = Loaded.Value;

        double LogProbability(string animal, string ending) => model.Score(
            [.. Encode("Tom had a", $" {animal}", $". {ending}", out var partition)], partition).LogProbability;

        Assert.True(LogProbability("cat", "The cat was very happy.") > LogProbability("dog", "The cat was very happy."));
        Assert.True(LogProbability("dog", "The dog was very happy.") > LogProbability("cat", "The dog was very happy."));

        int[] Encode(string before, string gap, string after, out Partition partition)
        {
            int[] first = model.Tokenizer.Encode(before, addBos: true);
            int[] middle = model.Tokenizer.EncodeContinuation(gap);
            int[] last = model.Tokenizer.EncodeContinuation(after);
            var ranks = new int[first.Length + middle.Length + last.Length];
            for (var i = 0; i < middle.Length; i++)
            {
                ranks[first.Length + i] = i + 1;
            }

            partition = new(Model.PartitionModule.ofRanks(1, ranks));
            return [.. first, .. middle, .. last];
        }
    }

    [Theory]
    [InlineData("entropy | constant 2")]
    [InlineData("confidence | threshold 0.6 | window 8")]
    public void A_story_infilled_scored_and_replayed_has_one_log_probability(string policy)
    {
        var model = Loaded.Value;
        var options = new DecodingOptions { Policy = Policy.Parse(policy), Sampling = new() { TopP = 0.9 }, Seed = 11 };
        var story = model.Infill("Once upon a time, there was a girl named Mia. {12} The dog was {4} and they went home.", options);
        int[] tokens = [.. story.Tokens.Select(token => token.Token)];
        var replay = model.Prepare(tokens, story.Partition!, options with { Policy = null }, story.Borders).Complete();

        Assert.Equal(story.LogProbability, model.Score(story).LogProbability, 1e-4);
        Assert.Equal(story.LogProbability, replay.LogProbability, 1e-4);
        Assert.Equal(story.Text, replay.Text);
    }

    [Fact]
    public void A_gap_is_filled_with_words_in_any_order_and_the_rest_stays()
    {
        var model = Loaded.Value;
        foreach (var policy in new[] { "left-to-right", "bisect | chunks 2", "entropy | constant 2" })
        {
            var options = new DecodingOptions { Policy = Policy.Parse(policy), Sampling = SamplingOptions.Greedy };
            var filled = model.Infill("Tom had a red ball. {12} He was very happy.", options);

            Assert.StartsWith("Tom had a red ball.", filled.Text);
            Assert.EndsWith(" He was very happy.", filled.Text);
            Assert.Matches("^[A-Za-z0-9 .,!?'\"\n]+$", filled.Text);
            Assert.Equal(filled.LogProbability, model.Score(filled).LogProbability, 1e-3);
        }
    }

    /// <summary>The C# of README.md, line by line.</summary>
    [Fact]
    public async Task The_example_of_the_readme_runs()
    {
        var model = Loaded.Value;
        var options = new DecodingOptions
        {
            Policy = Policy.Parse("entropy | constant 2"),
            Sampling = new SamplingOptions { Temperature = 0.7, TopP = 0.95 },
            Seed = 7,
        };
        var lines = new List<string>();
        await foreach (var step in model.Prepare(Template.Parse("Lily saw {10}. She ran home."), options).StepsAsync())
        {
            lines.Add($"step {step.Step}: " + string.Join(", ", step.Tokens.Select(t => model.Tokenizer.TokenText(t.Token))));
        }

        // One more for the full stop, which some token might have begun in the gap.
        Assert.Equal(6, lines.Count);
    }
}

using System.Text.Json;
using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

/// <summary>
/// Decoding with real weights: against the authors' greedy decodes, against itself, and against llama2.c.
/// </summary>
public sealed class DecodingFixtureTests
{
    private static readonly Seed Seed = SeedModule.ofInt(0);

    private static ManagedNetwork Network(string directory)
    {
        using var checkpoint = Checkpoint.Open(directory);
        return new(checkpoint.Configuration.Architecture, name => checkpoint[name].ToFloats(), threads: 1);
    }

    /// <summary>The names of all numbers of a kind, split at their points.</summary>
    private static IEnumerable<string[]> Cases(SafetensorsFile file, string kind) =>
        file.Tensors.Select(tensor => tensor.Name.Split('.')).Where(name => name[0] == kind);

    private static int[] Integers(SafetensorsFile file, string name) => [.. file[name].ToIntegers().Select(number => (int)number)];

    private static int[] Filled(PartialSequence sequence, IEnumerable<DecodingStep> steps) =>
        DecodingCase.Filled([.. sequence.Tokens], steps.SelectMany(step => step.Tokens));

    [Theory]
    [InlineData("two-stream-reference")]
    [InlineData("two-stream-pre-norm")]
    public void Groupwise_decoding_gives_the_tokens_of_the_authors(string fixture)
    {
        var directory = Fixtures.Repository(fixture);
        using var network = Network(directory);
        using var expected = SafetensorsFile.Open(Path.Combine(directory, "decode.safetensors"));
        var cases = Cases(expected, "groupwise").Select(name => name[1]).Distinct().ToArray();

        foreach (var name in cases)
        {
            var partition = PartitionModule.ofRanks(1, Integers(expected, $"groupwise.{name}.group_ids"));
            var sequence = PartialSequence.ToDecode(network, Integers(expected, $"groupwise.{name}.input_ids"), partition);
            var output = Integers(expected, $"groupwise.{name}.output_ids");

            Assert.Equal(output, Filled(sequence, GroupwiseDecoder.Decode(sequence, SamplingOptions.Greedy, Seed)));
            Assert.Equal(output, Filled(sequence, UncachedDecoder.Decode(sequence, SamplingOptions.Greedy, Seed)));
        }

        Assert.Equal(7, cases.Length);
    }

    [Theory]
    [InlineData("two-stream-reference")]
    [InlineData("two-stream-pre-norm")]
    public void Adaptive_decoding_in_mode_reference_gives_the_tokens_of_the_authors(string fixture)
    {
        var directory = Fixtures.Repository(fixture);
        using var network = Network(directory);
        using var expected = SafetensorsFile.Open(Path.Combine(directory, "decode.safetensors"));
        var cases = Cases(expected, "dynamic").Select(name => (Criterion: name[1], Step: name[2])).Distinct().ToArray();

        foreach (var (criterion, step) in cases)
        {
            var given = Integers(expected, $"dynamic.{criterion}.{step}.input_ids");
            var partition = PartitionModule.ofRanks(1, [.. given.Select(token => token == 0 ? 1 : 0)]);
            var policy = (Policy.Adaptive)PolicyModule.parse($"{criterion} | constant {step["step".Length..]}").ResultValue;
            var sequence = PartialSequence.ToDecode(network, given, partition);

            Assert.Equal(
                Integers(expected, $"dynamic.{criterion}.{step}.output_ids"),
                Filled(sequence, ReferenceDecoder.Decode(sequence, policy, SamplingOptions.Greedy, Seed)));
        }

        Assert.Equal(4, cases.Length);
    }

    [Theory]
    [InlineData("two-stream-reference")]
    [InlineData("two-stream-pre-norm")]
    public void Laws_9_and_10_hold_for_real_weights(string fixture)
    {
        using var network = Network(Fixtures.Repository(fixture));
        var sampling = new SamplingOptions { Temperature = 0.9, TopP = 0.95 };

        for (var seed = 0; seed < 20; seed++)
        {
            var given = DecodingCase.Random(seed, positions: 30, network.Architecture.Vocabulary);
            var sequence = given.ToDecode(network);
            var cached = GroupwiseDecoder.Decode(sequence, sampling, given.RunSeed).SelectMany(step => step.Tokens).ToArray();
            var uncached = UncachedDecoder.Decode(sequence, sampling, given.RunSeed).SelectMany(step => step.Tokens).ToArray();
            var scores = Scorer.Score(PartialSequence.ToScore(network, DecodingCase.Filled(given.Tokens, cached), given.Partition));

            Assert.Equal(uncached.Select(token => token.Token), cached.Select(token => token.Token));
            Assert.All(cached.Zip(uncached), pair => Assert.Equal(pair.Second.LogProbability, pair.First.LogProbability, 1e-4));
            Assert.All(
                cached.OrderBy(token => token.Position).Zip(scores),
                pair => Assert.Equal(pair.Second.LogProbability, pair.First.LogProbability, 1e-4));
        }
    }

    [Theory]
    [InlineData("confidence | constant 3")]
    [InlineData("entropy | threshold 3.5")]
    [InlineData("margin | constant 2 | window 5")]
    public void An_adaptive_run_its_score_and_its_replay_have_one_log_probability(string policy)
    {
        using var network = Network(Fixtures.Repository("two-stream-pre-norm"));
        var given = DecodingCase.Random(4, positions: 40, network.Architecture.Vocabulary);
        var sequence = given.ToDecode(network);
        var adaptive = (Policy.Adaptive)PolicyModule.parse(policy).ResultValue;
        var steps = AdaptiveDecoder.Decode(sequence, adaptive, new(), given.RunSeed).ToArray();
        var partition = AdaptiveDecoder.PartitionOf(sequence, steps);
        var replay = GroupwiseDecoder.Decode(PartialSequence.ToDecode(network, given.Tokens, partition), new(), given.RunSeed).ToArray();
        var scores = Scorer.Score(PartialSequence.ToScore(network, Filled(sequence, steps), partition));
        var total = steps.SelectMany(step => step.Tokens).Sum(token => token.LogProbability);

        Assert.Equal(total, replay.SelectMany(step => step.Tokens).Sum(token => token.LogProbability), 1e-4);
        Assert.Equal(total, scores.Sum(score => score.LogProbability), 1e-4);
        Assert.Equal(Filled(sequence, steps), Filled(sequence, replay));
    }

    [Fact]
    public void Causal_decoding_continues_stories_as_llama2_c_does()
    {
        var directory = Fixtures.Shared("stories260K");
        using var network = Network(directory);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "expected.json")));
        const int Bos = 1;
        const int LastPosition = 120;

        foreach (var given in expected.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = [.. given.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] continuation = [.. given.GetProperty("greedy_continuation_ids").EnumerateArray().Select(id => id.GetInt32())];
            var length = LastPosition + 1 - prompt.Length;
            var drawn = CausalDecoder.Decode(network, prompt, length, SamplingOptions.Greedy, Seed)
                .Select(step => step.Tokens[0].Token)
                .TakeWhile(token => token != Bos);

            Assert.Equal(continuation, drawn);
        }
    }
}

using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Reference numbers of independent implementations, through the managed network.</summary>
public sealed class ManagedFixtureTests
{
    private const double Tolerance = 1e-4;

    [Theory(DisplayName = "Query logits of the authors' model, in one pass and cached group by group")]
    [InlineData("two-stream-pre-norm")]
    [InlineData("two-stream-reference")]
    public void TwoStream(string fixture)
    {
        using var checkpoint = Checkpoint.Open(Fixtures.Repository(fixture));
        using var network = Network(checkpoint);
        using var cases = SafetensorsFile.Open(Path.Combine(checkpoint.Directory, "cases.safetensors"));
        var names = cases.Tensors
            .Where(tensor => tensor.Name.EndsWith(".query_logits", StringComparison.Ordinal))
            .Select(tensor => tensor.Name[..^".query_logits".Length])
            .ToArray();
        Assert.Contains("padded", names);

        foreach (var name in names)
        {
            for (var batch = 0; batch < 2; batch++)
            {
                CheckCase(network, new Case(cases, name, batch, network.Architecture.Vocabulary));
            }
        }
    }

    [Fact(DisplayName = "Content logits of an ordinary LLaMA")]
    public void Causal()
    {
        using var checkpoint = Checkpoint.Open(Fixtures.Repository("causal-llama"));
        using var network = Network(checkpoint);
        using var cases = SafetensorsFile.Open(Path.Combine(checkpoint.Directory, "cases.safetensors"));
        var vocabulary = network.Architecture.Vocabulary;
        var tokens = cases["causal.input_ids"].ToIntegers();
        var expected = cases["causal.causal_logits"].ToFloats();
        var positions = (int)cases["causal.input_ids"].Shape[1];

        for (var batch = 0; batch < 2; batch++)
        {
            using var sequence = network.Open(positions);
            for (var position = 0; position < positions; position++)
            {
                var row = batch * positions + position;
                var logits = sequence.Run(
                    vocabulary, [new ContentRow((int)tokens[row], position, position)], []).Content[0];
                AssertClose(expected.AsSpan(row * vocabulary, vocabulary), logits);
            }
        }
    }

    private static ManagedNetwork Network(Checkpoint checkpoint) =>
        new(checkpoint.Configuration.Architecture, name => checkpoint[name].ToFloats());

    private static void CheckCase(ManagedNetwork network, Case given)
    {
        var vocabulary = network.Architecture.Vocabulary;
        using var whole = network.Open(given.Content.Length);
        var logits = whole.Run(vocabulary, given.Content, given.Queries).Queries;
        for (var row = 0; row < logits.Length; row++)
        {
            AssertClose(given.Expected(given.Queries[row].Position), logits[row]);
        }

        using var steps = network.Open(given.Content.Length);
        ContentRow[] committed = [];
        foreach (var group in given.Queries.GroupBy(row => row.Rank).OrderBy(group => group.Key))
        {
            var open = group.ToArray();
            var predicted = steps.Run(vocabulary, committed, open).Queries;
            for (var row = 0; row < open.Length; row++)
            {
                AssertClose(given.Expected(open[row].Position), predicted[row]);
            }

            committed = [.. given.Content.Where(row => row.Rank == group.Key)];
        }
    }

    private static void AssertClose(ReadOnlySpan<float> expected, float[] actual) =>
        Assert.InRange(
            RandomNetwork.Difference(actual, Array.ConvertAll(expected.ToArray(), number => (double)number)),
            0,
            Tolerance);

    /// <summary>One sequence of a case; padding positions are simply no rows.</summary>
    private sealed class Case
    {
        private readonly float[] expected;
        private readonly int vocabulary;
        private readonly int first;

        public Case(SafetensorsFile file, string name, int batch, int vocabulary)
        {
            var tokens = file[$"{name}.input_ids"].ToIntegers();
            var ranks = file[$"{name}.group_ids"].ToIntegers();
            var positions = (int)file[$"{name}.input_ids"].Shape[1];
            var real = file.TryGet($"{name}.attention_mask", out var mask) ? mask.ToIntegers() : null;
            this.vocabulary = vocabulary;
            expected = file[$"{name}.query_logits"].ToFloats();
            first = batch * positions;
            Content =
            [
                .. Enumerable.Range(0, positions)
                    .Where(position => real is null || real[first + position] != 0)
                    .Select(position =>
                        new ContentRow((int)tokens[first + position], position, (int)ranks[first + position])),
            ];
            Queries = [.. Content.Select(row => new QueryRow(row.Position, row.Rank))];
        }

        public ContentRow[] Content { get; }

        public QueryRow[] Queries { get; }

        public ReadOnlySpan<float> Expected(int position) =>
            expected.AsSpan((first + position) * vocabulary, vocabulary);
    }
}

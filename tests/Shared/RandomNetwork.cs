namespace A3.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>Small architectures of every kind, with random weights, and random sequences for them.</summary>
internal static class RandomNetwork
{
    private static readonly Architecture Plain = ArchitectureModule.create(53, 40, 2, 4, 64);

    /// <summary>By name: head counts, head widths beside vector widths, tied heads, residual styles, RoPE scalings.</summary>
    public static readonly IReadOnlyDictionary<string, Architecture> Kinds = new Dictionary<string, Architecture>
    {
        ["plain"] = Plain,
        ["one head"] = With(Plain, heads: 1, kvHeads: 1, headWidth: 40),
        ["grouped queries"] = With(Plain, heads: 4, kvHeads: 2, headWidth: 10),
        ["one key head, wide heads"] = With(Plain, heads: 3, kvHeads: 1, headWidth: 36),
        ["head width 48"] = With(Plain, heads: 2, kvHeads: 2, headWidth: 48),
        ["untied"] = With(Plain, tied: false),
        ["reference residual"] = With(Plain, residual: Residual.Reference),
        ["reference, untied, grouped"] =
            With(Plain, heads: 4, kvHeads: 2, tied: false, residual: Residual.Reference),
        ["linear RoPE"] = With(Plain, scaling: RopeScaling.NewLinear(4.0)),
        ["llama3 RoPE"] = With(Plain, scaling: RopeScaling.NewLlama3(8.0, 1.0, 4.0, 32)),
        ["preceding"] = With(Plain, queryStream: QueryStream.Preceding),
        ["preceding, grouped, odd sizes"] = With(
            Plain, width: 39, heads: 4, kvHeads: 2, headWidth: 10, mlp: 61, queryStream: QueryStream.Preceding),
        ["odd sizes"] = With(Plain, width: 39, mlp: 61, vocabulary: 71),
    };

    public static Func<string, float[]> Weights(Architecture architecture, int seed = 1)
    {
        var random = new Random(seed);
        var tensors = ArchitectureModule.parameters(architecture).ToDictionary(
            tensor => tensor.Name,
            tensor => Numbers(
                random, tensor.Shape.Aggregate(1, (size, side) => size * side), tensor.Initialisation.IsOnes));
        return name => tensors[name];
    }

    public static ManagedNetwork Create(Architecture architecture, int threads = 2) =>
        new(architecture, Weights(architecture), threads);

    /// <summary>Ranks of a random ordered partition of so many positions, with groups of 1 to 4.</summary>
    public static int[] Ranks(Random random, int positions)
    {
        var order = Enumerable.Range(0, positions).ToArray();
        random.Shuffle(order);
        var ranks = new int[positions];
        for (int start = 0, rank = 0; start < positions; rank++)
        {
            var size = random.Next(1, 5);
            foreach (var position in order.Skip(start).Take(size))
            {
                ranks[position] = rank;
            }

            start += size;
        }

        return ranks;
    }

    public static ContentRow[] Content(Random random, int[] ranks, int vocabulary) =>
        [.. ranks.Select((rank, position) => new ContentRow(random.Next(vocabulary), position, rank))];

    public static QueryRow[] Queries(int[] ranks) =>
        [.. ranks.Select((rank, position) => new QueryRow(position, rank))];

    /// <summary>One pass; logits of the content rows, then of the query rows, each row [vocabulary].</summary>
    public static (float[][] Content, float[][] Queries) Run(
        this ISequence sequence, int vocabulary, ContentRow[] content, QueryRow[] queries)
    {
        var contentLogits = new float[content.Length * vocabulary];
        var queryLogits = new float[queries.Length * vocabulary];
        sequence.Forward(content, queries, queryLogits, contentLogits);
        return ([.. contentLogits.Chunk(vocabulary)], [.. queryLogits.Chunk(vocabulary)]);
    }

    public static double Difference(IEnumerable<float> actual, IEnumerable<double> expected) =>
        actual.Zip(expected, (a, e) => Math.Abs(a - e)).DefaultIfEmpty(0).Max();

    public static Architecture With(
        Architecture from,
        int? width = null,
        int? heads = null,
        int? kvHeads = null,
        int? headWidth = null,
        int? mlp = null,
        int? vocabulary = null,
        int? context = null,
        bool? tied = null,
        Residual? residual = null,
        RopeScaling? scaling = null,
        QueryStream? queryStream = null) =>
        new(
            vocabulary ?? from.Vocabulary,
            width ?? from.Width,
            from.Layers,
            heads ?? from.Heads,
            kvHeads ?? from.KvHeads,
            headWidth ?? from.HeadWidth,
            mlp ?? from.MlpWidth,
            context ?? from.Context,
            from.NormEpsilon,
            from.RopeBase,
            scaling ?? from.RopeScaling,
            tied ?? from.TiedHead,
            residual ?? from.Residual,
            queryStream ?? from.QueryStream);

    /// <summary>Gains around 1, else deviations large enough for attention that is far from uniform.</summary>
    private static float[] Numbers(Random random, int count, bool gain) =>
        [.. Enumerable.Range(0, count).Select(_ => (gain ? 1f : 0f) + (random.NextSingle() - 0.5f) * 0.5f)];
}

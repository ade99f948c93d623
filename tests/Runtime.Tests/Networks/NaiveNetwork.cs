namespace A3.Runtime.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>The two-stream LLaMA written down once more, in double precision, as loops over whole sequences without a cache.</summary>
internal sealed class NaiveNetwork(Architecture architecture, Func<string, float[]> source)
{
    /// <summary>Logits of content rows, then of query rows, each [vocabulary].</summary>
    public (double[][] Content, double[][] Queries) Forward(ContentRow[] content, QueryRow[] queries)
    {
        var embedding = source("model.embed_tokens.weight");
        var head = architecture.TiedHead ? embedding : source("lm_head.weight");
        var width = architecture.Width;
        var shift = architecture.QueryStream.IsPreceding ? 1 : 0;
        var positions = content.Select(row => row.Position).Concat(queries.Select(row => row.Position - shift)).ToArray();
        double[] Embed(int token) => Doubles(embedding[(token * width)..((token + 1) * width)]);

        double[] Start(QueryRow query) =>
            shift > 0 && content.Any(row => row.Position == query.Position - 1 && row.Rank < query.Rank)
                ? Embed(content.First(row => row.Position == query.Position - 1 && row.Rank < query.Rank).Token)
                : Doubles(source("model.query_embed"));

        var hidden = content.Select(row => Embed(row.Token)).Concat(queries.Select(Start)).ToArray();

        // Who may see whom, as the interface says it: content up to its own rank, queries strictly below.
        bool Sees(int row, int key) => row < content.Length
            ? content[key].Rank <= content[row].Rank
            : content[key].Rank < queries[row - content.Length].Rank;

        for (var layer = 0; layer < architecture.Layers; layer++)
        {
            double[] Weights(string part) => Doubles(source($"model.layers.{layer}.{part}.weight"));

            var norm1 = Weights("input_layernorm");
            var norm2 = Weights("post_attention_layernorm");
            var attended = Attention(
                [.. hidden.Select(row => Norm(row, norm1))], positions, content.Length, Sees, Weights);
            var reference = architecture.Residual.IsReference;

            for (var row = 0; row < hidden.Length; row++)
            {
                var sum = Add(hidden[row], attended[row]);
                var between = reference ? Norm(sum, norm2) : sum;
                var mlpInput = reference ? between : Norm(sum, norm2);
                hidden[row] = Add(between, Mlp(mlpInput, Weights));
            }
        }

        var final = Doubles(source("model.norm.weight"));
        var logits = hidden.Select(row => Product(Doubles(head), Norm(row, final))).ToArray();
        return (logits[..content.Length], logits[content.Length..]);
    }

    private double[][] Attention(
        double[][] rows, int[] positions, int keyCount, Func<int, int, bool> sees, Func<string, double[]> weights)
    {
        var size = architecture.HeadWidth;
        var (q, k, v, o) = (weights("self_attn.q_proj"), weights("self_attn.k_proj"), weights("self_attn.v_proj"),
            weights("self_attn.o_proj"));
        var queries = rows.Select((row, i) => Rope(Product(q, row), positions[i])).ToArray();
        var keys = rows.Take(keyCount).Select((row, i) => Rope(Product(k, row), positions[i])).ToArray();
        var values = rows.Take(keyCount).Select(row => Product(v, row)).ToArray();
        var result = new double[rows.Length][];

        for (var row = 0; row < rows.Length; row++)
        {
            var joined = new double[architecture.Heads * size];
            for (var h = 0; h < architecture.Heads; h++)
            {
                var kv = h / (architecture.Heads / architecture.KvHeads);
                var visible = Enumerable.Range(0, keyCount).Where(key => sees(row, key)).ToArray();
                var scores = visible
                    .Select(key => Enumerable.Range(0, size)
                        .Sum(i => queries[row][h * size + i] * keys[key][kv * size + i]) / Math.Sqrt(size))
                    .ToArray();
                var top = scores.DefaultIfEmpty(0).Max();
                var exponentials = scores.Select(score => Math.Exp(score - top)).ToArray();

                for (var j = 0; j < visible.Length; j++)
                {
                    for (var i = 0; i < size; i++)
                    {
                        joined[h * size + i] +=
                            exponentials[j] / exponentials.Sum() * values[visible[j]][kv * size + i];
                    }
                }
            }

            result[row] = Product(o, joined);
        }

        return result;
    }

    private double[] Rope(double[] heads, int position)
    {
        var size = architecture.HeadWidth;
        var frequencies = ArchitectureModule.inverseFrequencies(architecture);
        var turned = new double[heads.Length];

        for (var start = 0; start < heads.Length; start += size)
        {
            for (var i = 0; i < size; i++)
            {
                var half = size / 2;
                var angle = position * frequencies[i % half];
                var partner = i < half ? -heads[start + i + half] : heads[start + i - half];
                turned[start + i] = heads[start + i] * Math.Cos(angle) + partner * Math.Sin(angle);
            }
        }

        return turned;
    }

    private static double[] Mlp(double[] row, Func<string, double[]> weights)
    {
        var gate = Product(weights("mlp.gate_proj"), row);
        var up = Product(weights("mlp.up_proj"), row);
        return Product(weights("mlp.down_proj"), [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] Norm(double[] row, double[] gain)
    {
        var scale = 1 / Math.Sqrt(row.Sum(x => x * x) / row.Length + architecture.NormEpsilon);
        return [.. row.Zip(gain, (x, g) => x * scale * g)];
    }

    private static double[] Product(double[] matrix, double[] row) =>
        [.. Enumerable.Range(0, matrix.Length / row.Length)
            .Select(o => Enumerable.Range(0, row.Length).Sum(i => matrix[o * row.Length + i] * row[i]))];

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[] Doubles(float[] numbers) => Array.ConvertAll(numbers, number => (double)number);
}

using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Conformance;

/// <summary>Cases of <c>cases.safetensors</c>: logits of whole sequences, and their mean cross-entropy.</summary>
internal static class LogitCases
{
    /// <summary>Compares each case with what the network computes in one pass per sequence.</summary>
    public static IEnumerable<ConformanceCase> Run(ReferenceFile file, string backend, INetwork network) =>
        file.Cases.SelectMany(name => Case(file, name, backend, network));

    private static IEnumerable<ConformanceCase> Case(ReferenceFile file, string name, string backend, INetwork network)
    {
        var tokens = file.Rows($"{name}.input_ids");
        if (file.Holds($"{name}.query_logits") || file.Holds($"{name}.loss"))
        {
            var logits = Query(file, name, tokens, network);
            if (file.Holds($"{name}.query_logits"))
            {
                yield return ConformanceCase.Numbers(
                    $"{name} query_logits", backend, file.Numbers($"{name}.query_logits", logits.Length), logits);
            }

            if (file.Holds($"{name}.loss"))
            {
                var loss = Loss(tokens, logits, network.Architecture.Vocabulary);
                yield return ConformanceCase.Numbers($"{name} loss", backend, file.Numbers($"{name}.loss", 1), [loss]);
            }
        }

        if (file.Holds($"{name}.causal_logits"))
        {
            var logits = Causal(tokens, network);
            yield return ConformanceCase.Numbers(
                $"{name} causal_logits", backend, file.Numbers($"{name}.causal_logits", logits.Length), logits);
        }
    }

    /// <summary>[batch, position, vocabulary] of the query stream; padding is left out of the keys.</summary>
    private static float[] Query(ReferenceFile file, string name, int[][] tokens, INetwork network)
    {
        var ranks = file.Rows($"{name}.group_ids");
        var real = file.Holds($"{name}.attention_mask") ? file.Rows($"{name}.attention_mask") : null;
        var size = tokens[0].Length * network.Architecture.Vocabulary;
        var logits = new float[tokens.Length * size];
        for (var row = 0; row < tokens.Length; row++)
        {
            var content = tokens[row]
                .Select((token, position) => new ContentRow(token, position, ranks[row][position]))
                .Where(key => real is null || real[row][key.Position] != 0)
                .ToArray();
            var queries = ranks[row].Select((rank, position) => new QueryRow(position, rank)).ToArray();
            network.RequireFits(tokens[row].Length);
            using var sequence = network.Open(tokens[row].Length);
            sequence.Forward(content, queries, logits.AsSpan(row * size, size), []);
        }

        return logits;
    }

    /// <summary>[batch, position, vocabulary] of the content stream, left to right.</summary>
    private static float[] Causal(int[][] tokens, INetwork network)
    {
        var size = tokens[0].Length * network.Architecture.Vocabulary;
        var logits = new float[tokens.Length * size];
        for (var row = 0; row < tokens.Length; row++)
        {
            network.RequireFits(tokens[row].Length);
            using var sequence = network.Open(tokens[row].Length);
            sequence.Forward(PartitionRows.Causal(tokens[row]), [], [], logits.AsSpan(row * size, size));
        }

        return logits;
    }

    /// <summary>Mean over all positions of the cross-entropy, in nats.</summary>
    private static float Loss(int[][] tokens, float[] logits, int vocabulary) =>
        (float)tokens
            .SelectMany(row => row)
            .Select((token, index) => -LogSoftmax.Of(logits.AsSpan(index * vocabulary, vocabulary), token))
            .Average();
}

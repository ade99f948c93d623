using System.Text.Json;
using A3.Runtime.Checkpoints;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;

namespace A3.Conformance;

using A3.Model;

/// <summary>A text of <c>expected.json</c>: its ids with BOS, and what greedy decoding from left to right adds.</summary>
internal sealed record ExpectedText(string Text, int[] Ids, int[] Continuation);

/// <summary>Cases of <c>expected.json</c>: token ids by every tokenizer file, and greedy continuations.</summary>
internal static class TextCases
{
    /// <summary>Compares the ids of every text by every tokenizer file.</summary>
    public static IEnumerable<ConformanceCase> Tokenize(string directory, IReadOnlyList<ExpectedText> texts) =>
        from file in Tokenizer.FilesIn(directory)
        let tokenizer = Tokenizer.LoadFile(directory, file)
        from numbered in texts.Index()
        let ids = tokenizer.Encode(numbered.Item.Text, addBos: true, parseSpecial: true)
        select ConformanceCase.Tokens($"text {numbered.Index} ids", file, numbered.Item.Ids, ids);

    /// <summary>Compares the continuation of every text, token by token, for as many tokens as are expected.</summary>
    public static IEnumerable<ConformanceCase> Continue(
        IReadOnlyList<ExpectedText> texts,
        string backend,
        INetwork network,
        CancellationToken cancellation)
    {
        foreach (var (index, text) in texts.Index())
        {
            var (expected, seed) = (text.Continuation, SeedModule.ofInt(0));
            var steps = CausalDecoder.Decode(
                network, text.Ids, expected.Length, SamplingOptions.Greedy, seed, cancellation);
            int[] tokens = [.. steps.SelectMany(step => step.Tokens).Select(token => token.Token)];
            yield return ConformanceCase.Tokens($"text {index} greedy_continuation_ids", backend, expected, tokens);
        }
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="A3Exception">It cannot be read, or is no list of cases.</exception>
    public static IReadOnlyList<ExpectedText> Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(CheckpointFile.ReadText(path));
            return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(Text)];
        }
        catch (Exception error)
            when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new A3Exception(
                $$"""{{path}}: {{error.Message}} Expected {"cases": [{"text", "ids", "greedy_continuation_ids"}]}.""", error);
        }
    }

    private static ExpectedText Text(JsonElement item) => new(
        item.GetProperty("text").GetString() ?? "",
        Ids(item.GetProperty("ids")),
        item.TryGetProperty("greedy_continuation_ids", out var ids) ? Ids(ids) : []);

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
}

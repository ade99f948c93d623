using System.Text.Json;
using System.Text.Json.Nodes;
using A3.Fuzz.Tests.Mutators;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Files of a checkpoint: weights, configuration, tokenizer.</summary>
internal static class CheckpointFiles
{
    public static IEnumerable<Format> All =>
    [
        InFolder.Format("safetensors", "model.safetensors", Tensors, SafetensorsMutator.Mutate, ReadTensors),
        InFolder.Format("config.json", "config.json", Configuration, JsonMutator.Mutate, folder => Checkpoint.ReadConfiguration(folder)),
        InFolder.Format("tokenizer.json", "tokenizer.json", TokenizerJsons, JsonMutator.Mutate, Encodes),
        InFolder.Format("tokenizer.model", "tokenizer.model", SentencePieces, ProtobufMutator.Mutate, Encodes),
    ];

    private static readonly Gen<(string Name, string Dtype, int[] Shape)> Tensor =
        from name in Gen.Elements("a", "model.norm.weight", "lm_head.weight", "é", "x y").SelectMany(name => Gen.Choose(0, 99).Select(number => $"{name}.{number}"))
        from dtype in Gen.Elements("F32", "BF16", "F16", "I64")
        from shape in Gen.Choose(0, 5).ArrayOf().Where(shape => shape.Length < 4)
        select (name, dtype, shape);

    /// <summary>Tensors of drawn types and shapes, one behind the other.</summary>
    private static Gen<byte[]> Tensors { get; } = Tensor.ListOf().Select(tensors =>
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        var end = 0;
        foreach (var (name, dtype, shape) in tensors.DistinctBy(tensor => tensor.Name).OrderByDescending(tensor => Width(tensor.Dtype)))
        {
            var start = end;
            end += Width(dtype) * shape.Aggregate(1, (size, side) => size * side);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = new JsonArray([.. shape.Select(side => (JsonNode)side)]),
                ["data_offsets"] = new JsonArray(start, end),
            };
        }

        var text = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] padded = [.. text, .. Enumerable.Repeat((byte)' ', (8 - (text.Length % 8)) % 8)];
        return (byte[])[.. BitConverter.GetBytes((long)padded.Length), .. padded, .. new byte[end]];
    });

    private static Gen<byte[]> Configuration { get; } =
        from fixture in Gen.Elements("two-stream-reference", "two-stream-pre-norm", "causal-llama")
        from scaling in Gen.Elements(
            null, """{"rope_type":"linear","factor":4.0}""",
            """{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}""")
        from eos in Gen.Elements("2", "[2, 3]", "null")
        from epsilon in Gen.Elements("1e-05", "1e-6")
        select Bytes(fixture, config =>
        {
            config["rope_scaling"] = scaling is null ? null : JsonNode.Parse(scaling);
            config["eos_token_id"] = JsonNode.Parse(eos);
            config["rms_norm_eps"] = JsonNode.Parse(epsilon);
        });

    private static Gen<IEnumerable<string>> Merges { get; } =
        from pairs in Gen.Elements("a b", "c d", "e a", "b c", "d e", "a c").ListOf()
        select pairs.Distinct();

    /// <summary>Merges of drawn lengths, in both layouts, and the vocabularies of the fixtures.</summary>
    private static Gen<byte[]> TokenizerJsons { get; } = Gen.Frequency(
        (4, Merges.Select(merges => Utf8(TokenizerJson.ByteLevel([.. merges])))),
        (4, Merges.Select(merges => Utf8(TokenizerJson.ByteFallback("▁abcdeé日", [.. merges])))),
        (1, Gen.Elements("byte-level", "byte-fallback", "metaspace")
            .Select(name => File.ReadAllBytes(Path.Combine(Fixtures.Repository("tokenizers"), name, "tokenizer.json")))));

    private static Gen<byte[]> SentencePieces { get; } =
        from pieces in Gen.Elements("▁", "a", "b", "ab", "▁ab", "é", "日", "▁▁", "ba", "abab").ListOf()
        from scored in Gen.Elements(true, false)
        select pieces.Distinct().Index()
            .Aggregate(SentencePieceFile.Standard().Trainer(2).Normalizer(addsSpace: scored), (file, piece) => file.Piece(piece.Item, -piece.Index))
            .ToArray();

    private static int Width(string dtype) => dtype switch { "I64" => 8, "F32" => 4, _ => 2 };

    private static byte[] Utf8(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);

    private static byte[] Bytes(string fixture, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Fixtures.Repository(fixture), "config.json")))!.AsObject();
        change(config);
        return Utf8(config);
    }

    private static void ReadTensors(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        _ = file.Tensors.Sum(tensor => tensor.ByteLength);
    }

    /// <summary>What loads also encodes, and decodes every token that it made.</summary>
    private static void Encodes(string folder)
    {
        var tokenizer = Tokenizer.Load(folder);
        _ = tokenizer.Decode(tokenizer.Encode("abc é 日 ab\n", addBos: false));
    }
}

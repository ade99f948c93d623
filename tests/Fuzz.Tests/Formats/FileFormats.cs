using A3.Runtime.Checkpoints;
using A3.Torch.Data;
using A3.Torch.Training;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Files, each written under its name into a folder that its reader gets.</summary>
internal static class FileFormats
{
    private static readonly string Fixture = "tests/fixtures/two-stream-reference/";

    private const string Documents = """
        {"text": "Tom had a ball.", "id": 1}
        {"text": "He was happy. \u00e9", "more": [1, 2.5]}
        """;

    public static IEnumerable<Format> All =>
    [
        Of("safetensors", "model.safetensors", isText: false, () => [Small(), Seeds.File(Fixture + "cases.safetensors")], Safetensors),
        Of("config.json", "config.json", isText: true, Configurations, folder => Checkpoint.ReadConfiguration(folder)),
        Of("tokenizer.json", "tokenizer.json", isText: true, () => [Seeds.Utf8(SmallTokenizer)], folder => Tokenizer.Load(folder)),
        Of("tokenizer.model", "tokenizer.model", isText: false, () => [Seeds.SentencePiece()], folder => Tokenizer.Load(folder)),
        Of("training.json", "training.json", isText: true, () => [Seeds.Utf8(Manifest)], folder => RunManifest.Read(folder)),
        Of("documents.jsonl", "documents.jsonl", isText: true, () => [Seeds.Utf8(Documents)],
            folder => DocumentFile.Texts(Path.Combine(folder, "documents.jsonl")).Count()),
    ];

    private const string Manifest = """
        {"tokens": 1000000, "batchRows": 8, "context": 64, "learningRate": 0.001, "seed": 1, "record": {"command": ["a3"], "curriculum": "paper",
        "architecture": "a", "tokenizer": "t", "data": [{"path": "a", "bytes": 3, "sha256": "ab", "documents": 1}], "validation": [],
        "a3": "0.1.0", "dotNet": "10", "libtorch": "2", "device": "cpu", "threads": 2}}
        """;

    private const string SmallTokenizer = """
        {"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "special": true, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false}], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": true}, "post_processor": null, "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "dropout": null, "unk_token": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
        "vocab": {"<s>": 0, "a": 1, "b": 2, "ab": 3}, "merges": [["a", "b"]]}}
        """;

    private static Format Of(string name, string file, bool isText, Func<byte[][]> seeds, Action<string> read) =>
        new(name, isText, new(seeds), content =>
        {
            var folder = Directory.CreateTempSubdirectory("a3-fuzz-");
            try
            {
                File.WriteAllBytes(Path.Combine(folder.FullName, file), content);
                read(folder.FullName);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });

    private static byte[][] Configurations() =>
        [Seeds.File(Fixture + "config.json"), Seeds.File("tests/fixtures/causal-llama/config.json"), File.ReadAllBytes(Path.Combine(Seeds.Model, "config.json"))];

    private static byte[] Small()
    {
        var header = Seeds.Utf8("""{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"format":"pt"}}""");
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[16]];
    }

    private static void Safetensors(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        _ = file.Tensors.Sum(tensor => tensor.ByteLength);
    }
}

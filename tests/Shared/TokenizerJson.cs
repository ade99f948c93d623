using System.Text.Json.Nodes;

namespace A3.Tests;

/// <summary>Small tokenizer.json files for tests to change and load.</summary>
internal static class TokenizerJson
{
    /// <summary>All bytes (ids 0 to 255), then the results of the merges, each of which is written "a b" in the byte alphabet.</summary>
    public static JsonObject ByteLevel(params string[] merges)
    {
        var bytes = Enumerable.Range(0, 256).Select(value => ByteAlphabet.Character((byte)value).ToString());
        var json = File(bytes, merges);
        json["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true };
        json["decoder"] = new JsonObject { ["type"] = "ByteLevel" };
        return json;
    }

    /// <summary>LLaMA 2's layout: unk 0, BOS 1, EOS 2, bytes 3 to 258, then the characters and the results of the merges.</summary>
    public static JsonObject ByteFallback(string characters, params string[] merges)
    {
        var bytes = Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>");
        var json = File(["<unk>", "<s>", "</s>", .. bytes, .. characters.Select(character => character.ToString())], merges);
        json["model"]!["unk_token"] = "<unk>";
        json["model"]!["fuse_unk"] = true;
        json["model"]!["byte_fallback"] = true;
        json["added_tokens"] = new JsonArray(Special(0, "<unk>"), Special(1, "<s>"), Special(2, "</s>"));
        json["normalizer"] = JsonNode.Parse(
            """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""");
        json["decoder"] = JsonNode.Parse(
            """
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
            {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """);
        json["post_processor"] = Template("<s>", 1);
        return json;
    }

    public static JsonObject Special(int id, string content) => Added(id, content, special: true, normalized: false);

    public static JsonObject Added(int id, string content, bool special, bool normalized) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = normalized,
        ["special"] = special,
    };

    public static JsonNode Template(string bos, int id) => new JsonObject
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray(
            new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = bos, ["type_id"] = 0 } },
            new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
        ["special_tokens"] = new JsonObject
        {
            [bos] = new JsonObject { ["id"] = bos, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(bos) },
        },
    };

    public static ITokenizer Load(JsonObject json) => Load(json.ToJsonString());

    public static ITokenizer Load(string json)
    {
        using var folder = new Folder();
        System.IO.File.WriteAllText(folder.File("tokenizer.json"), json);
        return Tokenizer.Load(folder.Path);
    }

    private static JsonObject File(IEnumerable<string> entries, string[] merges)
    {
        var vocabulary = new JsonObject();
        foreach (var entry in entries.Concat(merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal))))
        {
            vocabulary[entry] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = null,
            ["post_processor"] = null,
            ["decoder"] = null,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }
}

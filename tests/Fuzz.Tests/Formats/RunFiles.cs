using System.Text;
using System.Text.Json;
using A3.Fuzz.Tests.Mutators;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Files of a training run: documents, manifest, metrics.</summary>
internal static class RunFiles
{
    public static IEnumerable<Format> All =>
    [
        InFolder.Format("documents.jsonl", "documents.jsonl", Documents, JsonMutator.MutateLines,
            folder => DocumentFile.Texts(Path.Combine(folder, "documents.jsonl")).Count()),
        InFolder.Format("training.json", "training.json", Manifests, JsonMutator.Mutate, folder => RunManifest.Read(folder)),
        InFolder.Format("metrics.jsonl", "metrics.jsonl", Lines, JsonMutator.MutateLines, Resumes) with { IsForgiving = true, Rarity = 4 },
        InFolder.Format("metrics.jsonl, drawn", "metrics.jsonl", Lines, JsonMutator.MutateLines, folder => ProgramRun.Check("plot", folder)) with { Rarity = 4 },
    ];

    private static Gen<byte[]> Documents { get; } =
        (from text in StoryTexts.Plain.NonEmptyListOf()
         from id in Gen.Choose(0, 1000)
         select JsonSerializer.Serialize(new { text = string.Concat(text) + ".", id, more = new[] { 1, 2.5 } })).NonEmptyListOf()
        .Select(lines => Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    private static Gen<byte[]> Manifests { get; } =
        from tokens in Gen.Choose(1000, 1_000_000)
        from context in Gen.Choose(8, 512)
        from seed in Gen.Choose(0, 1 << 20)
        from device in Gen.Elements("cpu", "cuda")
        from documents in Gen.Choose(1, 99)
        select JsonSerializer.SerializeToUtf8Bytes(new
        {
            data = new[] { "a.txt" },
            output = "run",
            tokens,
            context,
            seed,
            learningRate = 0.001,
            pack = documents % 2 == 0,
            record = new
            {
                command = new[] { "a3" },
                curriculum = "paper",
                architecture = "a",
                tokenizer = "t",
                data = new[] { new { path = "a", bytes = 3, sha256 = "ab", documents } },
                validation = Array.Empty<object>(),
                a3 = "0.1.0",
                dotNet = "10",
                libtorch = "2",
                device,
                threads = 2,
            },
        });

    private static Gen<byte[]> Lines { get; } =
        (from loss in Gen.Choose(1, 9000)
         from validated in Gen.Elements(true, false)
         select (Loss: loss / 1000.0, Validated: validated)).NonEmptyListOf()
        .Select(lines => Encoding.UTF8.GetBytes(string.Concat(lines.Index().Select(line => JsonSerializer.Serialize(
            new TrainingProgress(
                line.Index + 1, 256 * (line.Index + 1), 10_000, line.Item.Loss, 1, 0.001, 500, TimeSpan.FromSeconds(9),
                line.Item.Validated ? new Dictionary<string, double> { ["any order"] = line.Item.Loss } : []),
            JsonSerializerOptions.Web) + "\n"))));

    private static void Resumes(string folder) => new Metrics(folder, step: 3).Dispose();
}

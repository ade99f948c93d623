using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using A3.Runtime.Checkpoints;
using A3.Runtime.Storage;

namespace A3.Torch.Training;

/// <summary>
/// <c>training.json</c>: the options of a run, and as <c>record</c> what it was begun with. Each checkpoint keeps a copy, so that one which does
/// not belong to the run is noticed.
/// </summary>
internal sealed class RunManifest
{
    public const string FileName = "training.json";

    private const string RecordKey = "record";

    /// <summary>Characters of a value in a message.</summary>
    private const int Longest = 60;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
    };

    /// <summary>Options that decide nothing about the numbers up to where a run is, and may be changed when it is resumed.</summary>
    private static readonly string[] Free = [.. new[]
    {
        nameof(TrainingOptions.Output), nameof(TrainingOptions.Cache), nameof(TrainingOptions.Keep), nameof(TrainingOptions.CheckpointSeconds),
        nameof(TrainingOptions.Device), nameof(TrainingOptions.ParallelMicroBatches), nameof(TrainingOptions.ActivationCheckpointing), nameof(TrainingOptions.ExtendedTo),
    }.Select(JsonNamingPolicy.CamelCase.ConvertName)];

    /// <summary>Keys of version 0.1, and what they are called now.</summary>
    private static readonly (string Old, string Now)[] Renamed =
    [
        ("accumulate", JsonNamingPolicy.CamelCase.ConvertName(nameof(TrainingOptions.GradientAccumulationSteps))),
        ("lanes", JsonNamingPolicy.CamelCase.ConvertName(nameof(TrainingOptions.ParallelMicroBatches))),
        ("recompute", JsonNamingPolicy.CamelCase.ConvertName(nameof(TrainingOptions.ActivationCheckpointing))),
    ];

    private readonly JsonObject content;

    /// <summary>Of what is understood alone, so that what another version wrote beside it tells no manifests apart.</summary>
    private RunManifest(TrainingOptions options, RunRecord record)
    {
        (Options, Record) = (options, record);
        content = JsonSerializer.SerializeToNode(options, Json)!.AsObject();
        content[RecordKey] = JsonSerializer.SerializeToNode(record, Json);
    }

    public TrainingOptions Options { get; }

    public RunRecord Record { get; }

    public static RunManifest Of(TrainingOptions options, RunRecord record) => new(options, record);

    /// <summary>The manifest in a directory.</summary>
    /// <exception cref="TrainingException">It cannot be read: names the file, the key and the rule.</exception>
    public static RunManifest Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        var text = CheckpointFile.ReadText(path);
        try
        {
            var content = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new JsonException("no object.");
            RenameOldKeys(content);
            var record = content[RecordKey].Deserialize<RunRecord>(Json) ?? throw new JsonException($"no {RecordKey}: an earlier version wrote it.");
            var options = content.Deserialize<TrainingOptions>(Json)!.Checked();
            return record.Fault() is { } fault ? throw new JsonException(fault) : new RunManifest(options, record);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new TrainingException($"{Shown.Text(path)}: not a manifest of a run ({Shown.Text(error.Message)})", error);
        }
    }

    private static void RenameOldKeys(JsonObject content)
    {
        foreach (var (old, now) in Renamed)
        {
            if (!content.ContainsKey(now) && content[old] is { } value)
            {
                content[now] = value.DeepClone();
            }
        }
    }

    /// <exception cref="IOException">The directory refused.</exception>
    public void Write(string directory) =>
        AtomicFile.Write(Path.Combine(directory, FileName), stream => JsonSerializer.Serialize(stream, content, Json));

    /// <summary>What differs between two manifests in a way that changes the run, as <c>name = this, there that</c>; null where nothing does.</summary>
    public string? Difference(RunManifest other) =>
        content.Select(entry => entry.Key)
            .Union(other.content.Select(entry => entry.Key))
            .Where(key => !Free.Contains(key) && !JsonNode.DeepEquals(content[key], other.content[key]))
            .Select(key => $"{key} = {Short(content[key])}, there {Short(other.content[key])}")
            .FirstOrDefault();

    private static string Short(JsonNode? node) => Shown.Text(node?.ToJsonString() ?? "nothing", Longest);
}

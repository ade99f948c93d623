using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace A3.Runtime;

/// <summary>
/// <c>training.json</c>: the options of a run, and as <c>record</c> what it was begun with. Each checkpoint keeps a copy, so that one which does
/// not belong to the run is noticed.
/// </summary>
internal sealed class RunManifest
{
    public const string FileName = "training.json";

    private const string RecordKey = "record";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Options that decide nothing about the numbers, and may be changed during a run.</summary>
    private static readonly string[] Free = [.. new[]
    {
        nameof(TrainingOptions.Output), nameof(TrainingOptions.Cache), nameof(TrainingOptions.Keep), nameof(TrainingOptions.CheckpointSeconds),
        nameof(TrainingOptions.Device),
    }.Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private readonly JsonObject content;

    private RunManifest(JsonObject content, TrainingOptions options, RunRecord record) =>
        (this.content, Options, Record) = (content, options, record);

    public TrainingOptions Options { get; }

    public RunRecord Record { get; }

    public static RunManifest Of(TrainingOptions options, RunRecord record)
    {
        var content = JsonSerializer.SerializeToNode(options, Json)!.AsObject();
        content[RecordKey] = JsonSerializer.SerializeToNode(record, Json);
        return new RunManifest(content, options, record);
    }

    /// <summary>The manifest in a directory.</summary>
    /// <exception cref="A3Exception">It cannot be read.</exception>
    public static RunManifest Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            var content = JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw new JsonException("no object.");
            var record = content[RecordKey].Deserialize<RunRecord>(Json) ?? throw new JsonException($"no {RecordKey}: an earlier version wrote it.");
            var options = content.Deserialize<TrainingOptions>(Json)!;
            return new RunManifest(content, options.Checked(), record);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or IOException)
        {
            throw new A3Exception($"{path}: not a manifest of a run ({error.Message})", error);
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

    private static string Short(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "nothing";
        return text.Length <= 60 ? text : text[..60] + "...";
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using A3.Model;
using TorchSharp;

namespace A3.Runtime;

/// <summary>
/// The files of a run: the checkpoint others load (<c>config.json</c>, <c>model.safetensors</c>, tokenizer), the manifest
/// <c>training.json</c>, and <c>training.safetensors</c>, the one file a run resumes from. Each is replaced whole.
/// </summary>
internal sealed class RunDirectory
{
    private const string ManifestFile = "training.json";
    private const string StateFile = "training.safetensors";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly string path;
    private readonly TrainingOptions options;

    private RunDirectory(string path, TrainingOptions options, Configuration configuration) =>
        (this.path, this.options, Configuration) = (path, options, configuration);

    public Configuration Configuration { get; }

    private string StatePath => Path.Combine(path, StateFile);

    /// <summary>Refuses a directory that already holds a run, before hours are spent.</summary>
    /// <exception cref="A3Exception">It holds one.</exception>
    public static void CheckFree(string path)
    {
        if (File.Exists(Path.Combine(path, StateFile)))
        {
            throw new A3Exception($"{path} already holds a training run: resume it, or give another directory.");
        }
    }

    /// <summary>Writes manifest and tokenizer of a new run; the configuration comes with the first saved state.</summary>
    /// <exception cref="CheckpointException">The directory holds a checkpoint of another architecture.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static RunDirectory Create(TrainingOptions options, Configuration configuration, ITokenizer tokenizer)
    {
        Checkpoint.CheckTarget(options.Output, configuration.Architecture);
        Directory.CreateDirectory(options.Output);
        tokenizer.Save(options.Output);
        AtomicFile.Write(Path.Combine(options.Output, ManifestFile), stream => JsonSerializer.Serialize(stream, options, Json));
        return new RunDirectory(options.Output, options, configuration);
    }

    /// <summary>The run a directory holds.</summary>
    /// <exception cref="A3Exception">It holds none, or its manifest cannot be read.</exception>
    public static RunDirectory Open(string path, out TrainingOptions options)
    {
        var manifest = Path.Combine(path, ManifestFile);
        if (!File.Exists(manifest) || !File.Exists(Path.Combine(path, StateFile)))
        {
            throw new A3Exception($"{path} holds no training run to resume: {ManifestFile} and {StateFile} are expected in it.");
        }

        try
        {
            var read = JsonSerializer.Deserialize<TrainingOptions>(File.ReadAllText(manifest), Json)
                ?? throw new JsonException("null is no manifest.");
            options = (read with { Output = path }).Checked();
        }
        catch (JsonException error)
        {
            throw new A3Exception($"{manifest}: not a manifest of a run ({error.Message})", error);
        }

        return new RunDirectory(path, options, Checkpoint.ReadConfiguration(path));
    }

    /// <summary>Saves the state, then the checkpoint: a kill in between loses nothing.</summary>
    /// <exception cref="IOException">The disk refused; the files before stay.</exception>
    public void Save(TrainingRun run)
    {
        TensorPlan Plan(string name, torch.Tensor tensor) => new(
            name, Dtype.Float32, [tensor.NumberOfElements], sink => sink.Append(Numbers(tensor)));
        SafetensorsWriter.Write(
            StatePath,
            [
                new TensorPlan("counters", Dtype.Int64, [2], sink => sink.Append([run.Step, run.Tokens])),
                Plan("parameters", run.Parameters),
                Plan("moments.first", run.Optimizer.First),
                Plan("moments.second", run.Optimizer.Second),
            ]);
        using var scope = torch.NewDisposeScope();
        var named = run.Named().ToDictionary(entry => entry.Parameter.Name, entry => entry.Value);
        Checkpoint.Save(path, Configuration, options.SavedAs.Stored(), (parameter, sink) => sink.Append(Numbers(named[parameter.Name])));
    }

    /// <summary>Puts a run into the saved state.</summary>
    /// <exception cref="A3Exception">The state is broken or of another architecture.</exception>
    public void Restore(TrainingRun run)
    {
        using var file = SafetensorsFile.Open(StatePath);
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        void Read(string name, torch.Tensor into)
        {
            var numbers = file[name].ToFloats();
            if (numbers.Length != into.NumberOfElements)
            {
                throw new A3Exception(
                    $"{StatePath}: {name} holds {numbers.Length} numbers, but the architecture of {path} has {into.NumberOfElements} parameters.");
            }

            into.copy_(torch.tensor(numbers));
        }

        Read("parameters", run.Parameters);
        Read("moments.first", run.Optimizer.First);
        Read("moments.second", run.Optimizer.Second);
        var counters = file["counters"].ToIntegers();
        (run.Optimizer.Steps, run.Tokens) = (counters[0], counters[1]);
    }

    private static float[] Numbers(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().cpu().contiguous().data<float>().ToArray();
    }
}

using System.Collections.Immutable;
using A3.Model;
using A3.Runtime.Checkpoints;
using A3.Runtime.Storage;

namespace A3;

/// <summary>
/// A model on disk in the Hugging Face layout: `config.json`, and the weights in `model.safetensors` or in shards. An
/// open one has its tensors checked by name and shape and mapped into memory, each read where it lies; disposing of it
/// closes the files.
/// </summary>
/// <remarks>Any number of threads may read an open one; dispose of it when none does.</remarks>
public sealed class Checkpoint : IDisposable
{
    private const string ConfigurationFile = "config.json";

    private readonly TensorFiles files;
    private readonly Dictionary<string, TensorView> tensors;

    private Checkpoint(string directory, Configuration configuration, TensorFiles files)
    {
        Directory = directory;
        Configuration = configuration;
        Architecture = new Architecture(configuration.Architecture);
        this.files = files;
        tensors = CheckpointContents.Bind(directory, configuration.Architecture, files.Tensors);
        Notices = [.. files.Notices, .. CheckpointContents.Notices(configuration.Architecture, files.Tensors)];
    }

    /// <summary>Where it lies.</summary>
    public string Directory { get; }

    /// <summary>The network its weights are of.</summary>
    public Architecture Architecture { get; }

    /// <summary>Bytes of all its tensors as they are stored.</summary>
    public long StoredBytes => tensors.Values.Sum(tensor => tensor.ByteLength);

    /// <summary>Its tensors in the order of the architecture: embedding, blocks, the last RMSNorm, head.</summary>
    public ImmutableArray<TensorInfo> Tensors =>
    [
        .. ArchitectureModule.parameters(Configuration.Architecture)
            .Select(parameter => tensors[parameter.Name])
            .Select(tensor => new TensorInfo(tensor.Name, tensor.Dtype.Name, [.. tensor.Shape], tensor.ByteLength)),
    ];

    /// <summary>What of its files is not followed, a sentence each; empty as a rule.</summary>
    public ImmutableArray<string> Notices { get; }

    internal Configuration Configuration { get; }

    /// <summary>The tensor of that Hugging Face name, one of `Architecture.parameters`.</summary>
    internal TensorView this[string name] => tensors[name];

    /// <summary>
    /// Opens a checkpoint directory; a LLaMA without query stream opens as the causal model that it is.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// A file is missing or broken, or a tensor is missing, unknown or misshapen.
    /// </exception>
    public static Checkpoint Open(string directory)
    {
        var configuration = ReadConfiguration(directory);
        var files = TensorFiles.Open(directory);
        try
        {
            return new Checkpoint(directory, configuration, files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The `config.json` of a checkpoint directory.</summary>
    /// <exception cref="CheckpointException">
    /// It cannot be read, or describes another network than we compute.
    /// </exception>
    internal static Configuration ReadConfiguration(string directory)
    {
        string file = Path.Combine(directory, ConfigurationFile);
        var parsed = ConfigurationModule.parse(CheckpointFile.ReadText(file));
        return parsed.IsOk
            ? parsed.ResultValue
            : throw new CheckpointException(
                file,
                null,
                parsed.ErrorValue.Message,
                "a configuration of a LLaMA or A3 model is expected.");
    }

    /// <summary>
    /// Writes `model.safetensors`, then `config.json`, each replaced whole. A kill at any moment leaves a checkpoint
    /// that opens, the old or the new: between the two files the weights are new and the configuration old, and both
    /// describe one architecture, because a directory with another one is refused. Old shards stay, unread beside the
    /// single file. The same checkpoint may be open meanwhile, except on Windows, which does not replace mapped files.
    /// </summary>
    /// <param name="directory">Created where it is missing.</param>
    /// <param name="configuration">
    /// What `config.json` says; its precision becomes that of <paramref name="dtype"/>.
    /// </param>
    /// <param name="dtype">How weights are stored; float32 given to the sink is rounded to nearest even.</param>
    /// <param name="fill">
    /// Called for each of `Architecture.parameters` in turn, to give its numbers to the sink.
    /// </param>
    /// <exception cref="CheckpointException">The directory holds a checkpoint of another architecture.</exception>
    /// <exception cref="IOException">The disk or the folder refused; the old checkpoint stays.</exception>
    internal static void Save(
        string directory,
        Configuration configuration,
        Dtype dtype,
        Action<Parameter, TensorSink> fill)
    {
        CheckTarget(directory, configuration.Architecture);
        System.IO.Directory.CreateDirectory(directory);
        var plans = ArchitectureModule.parameters(configuration.Architecture).Select(parameter => new TensorPlan(
            parameter.Name,
            dtype,
            [.. parameter.Shape.Select(side => (long)side)],
            sink => fill(parameter, sink)));
        SafetensorsWriter.Write(Path.Combine(directory, TensorFiles.Single), plans);
        string json = ConfigurationModule.print(CheckpointContents.WithPrecision(configuration, dtype));
        AtomicFile.Write(
            Path.Combine(directory, ConfigurationFile),
            stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(json)));
    }

    /// <summary>
    /// Refuses a directory that holds a checkpoint of another architecture: two files cannot be replaced as one, so a
    /// kill between them would leave weights of one network under the configuration of another. To be asked before
    /// hours of training, too.
    /// </summary>
    /// <exception cref="CheckpointException">It holds one.</exception>
    internal static void CheckTarget(string directory, A3.Model.Architecture architecture)
    {
        if (!File.Exists(Path.Combine(directory, ConfigurationFile)))
        {
            return;
        }

        var there = new Architecture(ReadConfiguration(directory).Architecture);
        var given = new Architecture(architecture);
        if (!there.Equals(given))
        {
            throw new CheckpointException(
                directory,
                null,
                $"it holds {there}",
                $"{given} is saved only over its like: give another directory, or remove this one.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();
}

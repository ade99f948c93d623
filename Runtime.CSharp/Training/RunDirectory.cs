using System.Text.Json;
using A3.Model;
using TorchSharp;

namespace A3.Runtime;

/// <summary>
/// The files of a run: the last checkpoint for others to load (<c>config.json</c>, <c>model.safetensors</c>, tokenizer), the manifest, the last K checkpoints
/// with the state to resume from (<c>checkpoints/step-N</c>), and the best one by validation loss (<c>best</c>). A kill at any moment
/// leaves whole files, of which the newest folder of a step decides. One process at a time holds the directory.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    private readonly string path;
    private readonly ITokenizer tokenizer;
    private readonly CheckpointFolders folders;
    private readonly IDisposable exclusive;

    private RunDirectory(string path, Configuration configuration, ITokenizer tokenizer, IDisposable exclusive)
    {
        (this.path, Configuration, this.tokenizer, this.exclusive) = (path, configuration, tokenizer, exclusive);
        folders = FoldersOf(path);
    }

    public Configuration Configuration { get; }

    /// <summary>The tokenizer of the run.</summary>
    public ITokenizer Tokenizer => tokenizer;

    /// <summary>Tells the tokenizer of the run from others.</summary>
    public string TokenizerHash => Runtime.TokenizerHash.Of(path);

    /// <summary>The folder of the newest checkpoint.</summary>
    public string Newest => folders.Of(folders.Steps[^1]);

    private string BestPath => Path.Combine(path, "best");

    /// <summary>Refuses a directory that already holds a run, before hours are spent.</summary>
    /// <exception cref="A3Exception">It holds one.</exception>
    public static void CheckFree(string path)
    {
        // Earlier versions kept the state beside the model.
        if (FoldersOf(path).Steps.Count > 0 || File.Exists(Path.Combine(path, RunState.FileName)))
        {
            throw new A3Exception($"{path} already holds a training run: resume it, or give another directory.");
        }
    }

    /// <summary>Writes the tokenizer of a new run; manifest and configuration come later.</summary>
    /// <exception cref="A3Exception">Another process holds the directory.</exception>
    /// <exception cref="CheckpointException">The directory holds a checkpoint of another architecture.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static RunDirectory Create(string path, Configuration configuration, ITokenizer tokenizer)
    {
        Checkpoint.CheckTarget(path, configuration.Architecture);
        Directory.CreateDirectory(path);
        var directory = new RunDirectory(path, configuration, tokenizer, Hold(path));
        Checkpoint.CheckTarget(directory.BestPath, configuration.Architecture);
        directory.RemoveLeftovers();
        tokenizer.Save(path);
        return directory;
    }

    /// <summary>The run a directory holds; what a kill left unfinished is removed.</summary>
    /// <exception cref="A3Exception">
    /// It holds none, another process is at it, its manifest cannot be read, a checkpoint is of another run, or the data changed.
    /// </exception>
    public static RunDirectory Open(string path, FileHashes hashes, out RunManifest manifest)
    {
        if (!File.Exists(Path.Combine(path, RunManifest.FileName)) || FoldersOf(path).Steps is not [.., var newest])
        {
            throw new A3Exception($"{path} holds no training run to resume: {RunManifest.FileName} and checkpoints/step-N are expected in it.");
        }

        manifest = RunManifest.Read(path);
        var folder = FoldersOf(path).Of(newest);
        if (manifest.Difference(RunManifest.Read(folder)) is { } difference)
        {
            throw new A3Exception(
                $"{folder} does not match its run: {RunManifest.FileName} of the run says {difference}. Put back what was changed, or start another run.");
        }

        if (manifest.Record.ChangedFile(hashes) is { } changed)
        {
            throw new A3Exception(
                $"{path} cannot be resumed: {changed} has changed since the run began. Put back what it was, or start another run.");
        }

        var directory = new RunDirectory(path, Checkpoint.ReadConfiguration(folder), Runtime.Tokenizer.Load(path), Hold(path));
        directory.RemoveLeftovers();
        return directory;
    }

    /// <summary>Saves a checkpoint to resume from, then the one for others; a kill in between loses nothing.</summary>
    /// <exception cref="IOException">The disk refused; the files before stay.</exception>
    public void Save(TrainingRun run, RunManifest manifest)
    {
        manifest.Write(path);
        folders.Add(run.Step, manifest.Options.Keep, folder =>
        {
            tokenizer.Save(folder);
            manifest.Write(folder);
            RunState.Write(folder, run);
            SaveModel(folder, run, manifest.Options);
        });
        SaveModel(path, run, manifest.Options);
    }

    /// <summary>Saves the best model so far, and what makes it the best.</summary>
    /// <exception cref="IOException">The disk refused; the one before stays.</exception>
    public void SaveBest(TrainingRun run, TrainingOptions options, IReadOnlyDictionary<string, double> validation)
    {
        SaveModel(BestPath, run, options);
        tokenizer.Save(BestPath);
        AtomicFile.Write(
            Path.Combine(BestPath, "validation.json"), stream => JsonSerializer.Serialize(stream, new { step = run.Step, loss = run.Best, validation }));
    }

    /// <summary>Puts a run into the newest saved state.</summary>
    /// <exception cref="A3Exception">The state is broken, of another architecture or of another version.</exception>
    public void Restore(TrainingRun run)
    {
        try
        {
            RunState.Restore(Newest, run);
        }
        catch (CheckpointException error) when (folders.Steps.Count > 1)
        {
            throw new A3Exception($"{error.Message} Remove {Newest} to go on from step {folders.Steps[^2]}.", error);
        }
    }

    public void Dispose() => exclusive.Dispose();

    private static CheckpointFolders FoldersOf(string path) => new(Path.Combine(path, "checkpoints"));

    private static IDisposable Hold(string path) => ExclusiveFile.Open(
        Path.Combine(path, "training.lock"), "another process is training in this directory: let it end, or give another one.");

    private void RemoveLeftovers()
    {
        folders.RemoveLeftovers();
        AtomicFile.RemoveLeftovers(path);
        if (Directory.Exists(BestPath))
        {
            AtomicFile.RemoveLeftovers(BestPath);
        }
    }

    private void SaveModel(string directory, TrainingRun run, TrainingOptions options)
    {
        Checkpoint.Save(directory, Configuration, options.SavedAs.Stored(), (parameter, sink) =>
        {
            using var scope = torch.NewDisposeScope();
            using var mode = torch.no_grad();
            sink.Append(RunState.Numbers(run.Network.Value(parameter.Name)));
        });
    }
}

using System.Text.Json;
using A3.Model;
using A3.Runtime.Storage;
using A3.Torch.Data;
using TorchSharp;

namespace A3.Torch.Training;

/// <summary>
/// The files of a run: the last checkpoint for others to load (<c>config.json</c>, <c>model.safetensors</c>, tokenizer), the manifest, the last K checkpoints
/// with the state to resume from (<c>checkpoints/step-N</c>), and the best one by validation loss (<c>best</c>). A kill at any moment
/// leaves whole files, of which the newest folder of a step decides. One process at a time holds the directory.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    private const string LockFile = "training.lock";
    private const string BestFolder = "best";

    /// <summary>Files of a checkpoint that cost work.</summary>
    private static readonly string[] Weights = ["config.json", "*.safetensors", "*.safetensors.index.json", "*.gguf", "*.bin", "*.pt", "*.pth", "validation.json"];

    /// <summary>Files that a run writes beside one.</summary>
    private static readonly string[] Beside = ["tokenizer*", "special_tokens_map.json", "added_tokens.json", "training.json", "metrics.jsonl"];

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
    public string TokenizerHash => Runtime.Tokenizers.TokenizerHash.Of(path);

    /// <summary>The folder of the newest checkpoint.</summary>
    public string Newest => folders.Of(folders.Steps[^1]);

    private string BestPath => Path.Combine(path, BestFolder);

    /// <summary>What is on the disk, and how to go on from it, in a sentence.</summary>
    public string Kept => folders.Steps is [.., var step]
        ? $"The checkpoint of step {step} is kept: go on from it with a3 train --resume {Shown.Text(path)}."
        : "There is no checkpoint yet: begin the run again.";

    /// <summary>The step of the newest checkpoint of a run in a directory; null where there is none.</summary>
    public static long? LastStep(string path) => FoldersOf(path).Steps is [.., var step] ? step : null;

    /// <summary>Refuses a directory that holds what a run would overwrite, before hours are spent.</summary>
    /// <exception cref="TrainingException">It holds a run, a checkpoint or parts of one.</exception>
    public static void CheckFree(string path)
    {
        var shown = Shown.Text(path);
        if (File.Exists(path))
        {
            throw new TrainingException($"{shown}: a file; a run needs a directory.");
        }

        // Earlier versions kept the state beside the model.
        if (FoldersOf(path).Steps.Count > 0 || File.Exists(Path.Combine(path, RunState.FileName)))
        {
            throw new TrainingException($"{shown} already holds a training run: resume it, or give another directory.");
        }

        // What a run that failed at its start leaves is its own; its lock tells. A checkpoint is never among that.
        string[] costly = File.Exists(Path.Combine(path, LockFile)) ? Weights : [.. Weights, .. Beside];
        string[] folders = [path, Path.Combine(path, BestFolder)];
        if (folders.Where(Directory.Exists).SelectMany(folder => costly.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern))).FirstOrDefault() is { } file)
        {
            throw new TrainingException($"{shown} holds {Shown.Text(Path.GetRelativePath(path, file))}, which a run would overwrite: give another directory.");
        }
    }

    /// <summary>Writes the tokenizer of a new run; manifest and configuration come later.</summary>
    /// <exception cref="TrainingException">Another process holds the directory, or it holds what would be overwritten.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static RunDirectory Create(string path, Configuration configuration, ITokenizer tokenizer)
    {
        CheckFree(path);
        Directory.CreateDirectory(path);
        // Before the lock is there, which it may be that another run has made since.
        CheckFree(path);
        return Holding(path, exclusive =>
        {
            CheckFree(path);
            var directory = new RunDirectory(path, configuration, tokenizer, exclusive);
            directory.RemoveLeftovers();
            tokenizer.Save(path);
            return directory;
        });
    }

    /// <summary>The run a directory holds; what a kill left unfinished is removed.</summary>
    /// <exception cref="TrainingException">
    /// It holds none, another process is at it, its manifest cannot be read, a checkpoint is of another run, or the data changed.
    /// </exception>
    public static RunDirectory Open(string path, FileHashes hashes, out RunManifest manifest)
    {
        if (!File.Exists(Path.Combine(path, RunManifest.FileName)) || FoldersOf(path).Steps.Count == 0)
        {
            throw new TrainingException($"{Shown.Text(path)} holds no training run to resume: {RunManifest.FileName} and checkpoints/step-N are expected in it.");
        }

        var (directory, read) = Holding(path, exclusive =>
        {
            var folder = FoldersOf(path).Of(FoldersOf(path).Steps[^1]);
            var read = RunManifest.Read(path);
            CheckAgreement(path, read, folder, hashes);
            var directory = new RunDirectory(path, Checkpoint.ReadConfiguration(folder), A3.Tokenizer.Load(path), exclusive);
            directory.RemoveLeftovers();
            return (directory, read);
        });
        manifest = read;
        return directory;
    }

    /// <summary>Writes the manifest of the run.</summary>
    /// <exception cref="IOException">The disk refused; the one before stays.</exception>
    public void Write(RunManifest manifest) => manifest.Write(path);

    /// <summary>Saves a checkpoint to resume from, then the one for others; a kill in between loses nothing.</summary>
    /// <exception cref="IOException">The disk refused; the files before stay.</exception>
    public void Save(TrainingRun run, RunManifest manifest)
    {
        manifest.Write(path);
        folders.Add(run.Step, manifest.Options.Keep, folder => RunState.Write(folder, run), folder =>
        {
            tokenizer.Save(folder);
            manifest.Write(folder);
            SaveModel(folder, run, manifest.Options);
        });
        SaveModel(path, run, manifest.Options);
    }

    /// <summary>Saves the best model so far, and what makes it the best.</summary>
    /// <exception cref="IOException">The disk refused; the one before stays.</exception>
    public void SaveBest(TrainingRun run, TrainingOptions options, double loss, IReadOnlyDictionary<string, double> validation)
    {
        SaveModel(BestPath, run, options);
        tokenizer.Save(BestPath);
        AtomicFile.Write(
            Path.Combine(BestPath, "validation.json"), stream => JsonSerializer.Serialize(stream, new { step = run.Step, loss, validation }));
    }

    /// <summary>Puts a run into the newest saved state.</summary>
    /// <exception cref="TrainingException">The state is broken, of another step, of another architecture or of another version.</exception>
    public void Restore(TrainingRun run)
    {
        try
        {
            RunState.Restore(Newest, run);
            if (run.Step != folders.Steps[^1])
            {
                throw new TrainingException($"{Shown.Text(Newest)}: its state is that of step {run.Step}.");
            }
        }
        catch (A3Exception error) when (folders.Steps.Count > 1)
        {
            throw new TrainingException($"{error.Message} Remove {Shown.Text(Newest)} to go on from step {folders.Steps[^2]}.", error);
        }
    }

    public void Dispose() => exclusive.Dispose();

    private static CheckpointFolders FoldersOf(string path) => new(Path.Combine(path, "checkpoints"));

    /// <summary>What is made of a directory while no other process may be at it; it is let go where that fails.</summary>
    private static T Holding<T>(string path, Func<IDisposable, T> make)
    {
        var exclusive = ExclusiveFile.Open(
            Path.Combine(path, LockFile), "another process is training in this directory: let it end, or give another one.");
        try
        {
            return make(exclusive);
        }
        catch
        {
            exclusive.Dispose();
            throw;
        }
    }

    private static void CheckAgreement(string path, RunManifest manifest, string folder, FileHashes hashes)
    {
        if (manifest.Difference(RunManifest.Read(folder)) is { } difference)
        {
            throw new TrainingException(
                $"{Shown.Text(folder)} does not match its run: {RunManifest.FileName} of the run says {difference}. Put back what was changed, or start another run.");
        }

        if (manifest.Record.ChangedFile(hashes) is { } changed)
        {
            throw new TrainingException(
                $"{Shown.Text(path)} cannot be resumed: {Shown.Text(changed)} has changed since the run began. Put back what it was, or start another run.");
        }
    }

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

using A3.Torch.Data;
using A3.Torch.Networks;
using TorchSharp;

namespace A3.Torch.Training;

/// <summary>A run that can go on: its directory, which no other process may train in, its data and its moving parts. Owns them all.</summary>
internal sealed class PreparedRun : IDisposable
{
    private readonly FrozenWeights? frozen;
    private readonly TorchNetwork? teacher;

    private PreparedRun(
        RunDirectory directory, RunManifest manifest, TrainingRun run, FrozenWeights? frozen, TorchNetwork? teacher, TrainingData data, Validation? validation) =>
        (Directory, Manifest, Run, this.frozen, this.teacher, Data, Validation) = (directory, manifest, run, frozen, teacher, data, validation);

    public RunDirectory Directory { get; }

    public RunManifest Manifest { get; }

    public TrainingRun Run { get; }

    public TrainingData Data { get; }

    /// <summary>Null where the run has no validation.</summary>
    public Validation? Validation { get; }

    /// <summary>A new run, saved at its start. What options alone tell to be impossible is refused before anything is read or written.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="TrainingException">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static PreparedRun Begin(TrainingOptions options, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        options = options.Checked().WithWholePaths();
        RunDirectory.CheckFree(options.Output);
        var curriculum = Specifications.Curriculum(options.Curriculum);
        Specifications.Schedule(curriculum, options, tokensPerStep: 1, TrainingSetup.LongestSequence(options));
        TrainingSetup.CheckNetwork(options);
        foreach (var file in options.Data.Concat(options.Validation))
        {
            DocumentFile.Check(file);
        }

        var tokenizer = TrainingSetup.Tokenizer(options, preparation, cancellation);
        var configuration = TrainingSetup.Configuration(options, tokenizer);
        TrainingSetup.Trainable(options, configuration.Architecture);
        var hashes = new FileHashes(preparation, cancellation);
        return Of(RunDirectory.Create(options.Output, configuration, tokenizer), directory => With(
            directory, options, lentCache: null, hashes, curriculum, preparation, cancellation, (run, record) =>
            {
                var manifest = RunManifest.Of(options, record with { Frozen = TrainingSetup.FrozenFiles(options, hashes) });
                Save(directory, run, manifest);
                return manifest;
            }));
    }

    /// <summary>The run of a directory where its last state was saved, with changes, which are saved at once.</summary>
    /// <exception cref="ArgumentException">A change breaks its rule.</exception>
    /// <exception cref="TrainingException">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static PreparedRun Resume(string output, ResumeOptions changes, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        var hashes = new FileHashes(preparation, cancellation);
        return Of(RunDirectory.Open(output, hashes, out var manifest), directory =>
        {
            var options = changes.Applied(manifest.Options) with { Output = output };
            // A manifest may have come from elsewhere: what it names is read, and nothing is written there.
            var lent = changes.Cache is null ? options.Cache : null;
            // All numbers that train come from the state: an initial checkpoint that nothing else is read from may be gone by now.
            var used = options with { Cache = changes.Cache is null ? null : options.Cache, Initial = options.ReadsInitial ? options.Initial : null };
            var now = RunManifest.Of(options, manifest.Record);
            return OfManifest(output, () => With(
                directory, used, lent, hashes, Specifications.Curriculum(options.Curriculum), preparation, cancellation, (run, record) =>
                {
                    GoOn(directory, run, now, record, preparation);
                    if (changes != new ResumeOptions())
                    {
                        directory.Write(now);
                    }

                    return now;
                }));
        });
    }

    /// <summary>Saves the run as it is.</summary>
    /// <exception cref="TrainingException">It could not be saved; says which step is on the disk.</exception>
    public void Save() => Save(Directory, Run, Manifest);

    public void Dispose()
    {
        Run.Dispose();
        frozen?.Dispose();
        teacher?.Dispose();
        Data.Dispose();
        Directory.Dispose();
    }

    private static void Save(RunDirectory directory, TrainingRun run, RunManifest manifest)
    {
        try
        {
            directory.Save(run, manifest);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or A3Exception)
        {
            throw new TrainingException($"step {run.Step} is not saved: {error.Message} {directory.Kept}", error);
        }
    }

    /// <summary>Puts a run into its last saved state, unless it is another run by now; says what may tell it from one that was never stopped.</summary>
    private static void GoOn(RunDirectory directory, TrainingRun run, RunManifest manifest, RunRecord record, IProgress<Preparation>? preparation)
    {
        if (manifest.Record.Conflict(record) is { } conflict)
        {
            throw new TrainingException($"{Shown.Text(manifest.Options.Output)} cannot be resumed: {conflict} Put back what it had, or start another run.");
        }

        if (manifest.Record.Difference(record) is { } difference)
        {
            preparation?.Report(new Preparation(difference, null));
        }

        directory.Restore(run);
        if (run.IsDone)
        {
            preparation?.Report(new Preparation($"the run has seen all of its {manifest.Options.AllTokens} tokens; --tokens MORE extends it.", null));
        }
    }

    /// <summary>What comes of a directory, which is let go where that fails.</summary>
    private static PreparedRun Of(RunDirectory directory, Func<RunDirectory, PreparedRun> prepare)
    {
        try
        {
            return prepare(directory);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>What breaks a rule here was read from the manifest of a run, and is no misuse of whoever resumes it.</summary>
    private static PreparedRun OfManifest(string output, Func<PreparedRun> prepare)
    {
        try
        {
            return prepare();
        }
        catch (Exception error) when (error is ArgumentException or RequestException or SpecificationException)
        {
            throw new TrainingException($"{Shown.Text(Path.Combine(output, RunManifest.FileName))}: {error.Message}", error);
        }
    }

    /// <summary>A run in a directory; <paramref name="begin"/> puts it into its first state.</summary>
    private static PreparedRun With(
        RunDirectory directory,
        TrainingOptions options,
        string? lentCache,
        FileHashes hashes,
        Model.Curriculum curriculum,
        IProgress<Preparation>? preparation,
        CancellationToken cancellation,
        Func<TrainingRun, RunRecord, RunManifest> begin)
    {
        TrainingData? data = null;
        FrozenWeights? frozen = null;
        TorchNetwork? teacher = null;
        TrainedNetwork? network = null;
        TrainingRun? run = null;
        try
        {
            data = TrainingData.Open(options, directory, lentCache, hashes, preparation, cancellation);
            var device = Devices.Resolve(options.Device);
            using var scope = torch.NewDisposeScope();
            var architecture = directory.Configuration.Architecture;
            frozen = TrainingSetup.Frozen(options, device);
            teacher = TrainingSetup.Teacher(options);
            network = TrainingSetup.Network(options, architecture, frozen, device);
            var record = RunRecord.Of(curriculum, architecture, directory.TokenizerHash, data.Training, data.Validation, device);
            run = new TrainingRun(options, network, teacher, curriculum, data.Training, device);
            var validation = data.Validation is { } held ? new Validation(options, network, held, run.ParallelMicroBatches, device) : null;
            return new PreparedRun(directory, begin(run, record), run, frozen, teacher, data, validation);
        }
        catch
        {
            ((IDisposable?)run ?? network)?.Dispose();
            frozen?.Dispose();
            teacher?.Dispose();
            data?.Dispose();
            throw;
        }
    }
}

using System.Diagnostics;
using TorchSharp;

namespace A3.Runtime;

/// <summary>
/// A training run in a directory: checkpoint, state, manifest and metrics. Killed at any moment, it resumes from its last
/// state and goes on as if never stopped (Law 12). Not safe for use from several threads.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int StepsPerReport = 10;

    private const int NamedRows = 8;

    private readonly RunDirectory directory;
    private readonly RunManifest manifest;
    private readonly TrainingRun run;
    private readonly FrozenWeights? frozen;
    private readonly TorchNetwork? teacher;
    private readonly TrainingData data;
    private readonly Validation? validation;
    private StepResult last;

    private Trainer(
        RunDirectory directory, RunManifest manifest, TrainingRun run, FrozenWeights? frozen, TorchNetwork? teacher, TrainingData data, Validation? validation) =>
        (this.directory, this.manifest, this.run, this.frozen, this.teacher, this.data, this.validation) = (directory, manifest, run, frozen, teacher, data, validation);

    /// <summary>Tokens seen so far, padding not counted.</summary>
    public long Tokens => run.Tokens;

    /// <summary>Optimizer steps done so far.</summary>
    public long Step => run.Step;

    /// <summary>What is trained; the trainer owns it.</summary>
    internal TrainedNetwork Network => run.Network;

    private TrainingOptions Options => manifest.Options;

    /// <summary>Prepares a new run: tokenizer, tokenized data, weights.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="A3Exception">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static Trainer Start(TrainingOptions options, CancellationToken cancellation = default) => Start(options, null, cancellation);

    /// <summary>Prepares a new run and reports what it does, on the threads that do it.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="A3Exception">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static Trainer Start(TrainingOptions options, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        options = options.Checked().WithWholePaths();
        RunDirectory.CheckFree(options.Output);
        var curriculum = Specifications.Curriculum(options.Curriculum);
        Specifications.Course(curriculum, options, tokensPerStep: 1, TrainingSetup.LongestSequence(options));
        var tokenizer = TrainingSetup.Tokenizer(options, preparation, cancellation);
        var configuration = TrainingSetup.Configuration(options, tokenizer);
        TrainingSetup.Trainable(options, configuration.Architecture);
        var directory = RunDirectory.Create(options.Output, configuration, tokenizer);
        var hashes = new FileHashes(preparation, cancellation);
        return Prepared(directory, options, lentCache: null, hashes, curriculum, preparation, cancellation, (run, record) =>
        {
            var manifest = RunManifest.Of(options, record with { Frozen = TrainingSetup.FrozenFiles(options, hashes) });
            directory.Save(run, manifest);
            return manifest;
        });
    }

    /// <summary>Takes a run up where its last state was saved.</summary>
    /// <exception cref="A3Exception">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static Trainer Resume(string output, CancellationToken cancellation = default) => Resume(output, null, cancellation);

    /// <summary>Takes a run up where its last state was saved, and reports what it does, on the threads that do it.</summary>
    /// <exception cref="A3Exception">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static Trainer Resume(string output, IProgress<Preparation>? preparation, CancellationToken cancellation)
    {
        var hashes = new FileHashes(preparation, cancellation);
        var directory = RunDirectory.Open(output, hashes, out var manifest);
        var options = manifest.Options with { Output = output };
        var curriculum = Specifications.Curriculum(options.Curriculum);
        // All numbers that train come from the state: an initial checkpoint that nothing else is read from may be gone by now.
        var remaining = options.ReadsInitial ? options : options with { Initial = null };
        return Prepared(directory, remaining with { Cache = null }, options.Cache, hashes, curriculum, preparation, cancellation, (run, record) =>
        {
            if (manifest.Record.Conflict(record) is { } conflict)
            {
                throw new A3Exception($"{output} cannot be resumed: {conflict} Put back what it had, or start another run.");
            }

            if (manifest.Record.Difference(record) is { } difference)
            {
                preparation?.Report(new Preparation(difference, null));
            }

            directory.Restore(run);
            return RunManifest.Of(options, manifest.Record);
        });
    }

    /// <summary>Trains to the end; cancellation saves the state and throws.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="A3Exception">The loss is no longer a number; the last saved state is kept.</exception>
    public void Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var metrics = new Metrics(Options.Output, run.Step);
        var report = new Report(run, Options.Tokens);
        var sinceSave = Stopwatch.StartNew();
        while (run.Progress < 1)
        {
            if (cancellation.IsCancellationRequested)
            {
                Save();
                cancellation.ThrowIfCancellationRequested();
            }

            run.Advance();
            var validates = validation is not null && (run.Step % Options.ValidateEvery == 0 || run.Progress >= 1);
            if (validates || run.Step % StepsPerReport == 0 || run.Progress >= 1)
            {
                TakeResults();
                var line = report.Take(last.GradientNorm, validates ? Validate(cancellation) : new Dictionary<string, double>());
                metrics.Write(line);
                progress?.Report(line);
            }

            if (sinceSave.Elapsed.TotalSeconds >= Options.CheckpointSeconds)
            {
                Save();
                sinceSave.Restart();
            }
        }

        Save();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        run.Dispose();
        frozen?.Dispose();
        teacher?.Dispose();
        data.Dispose();
        directory.Dispose();
    }

    /// <summary>A trainer of a directory, which is let go where something fails; <paramref name="begin"/> puts the run into its first state.</summary>
    private static Trainer Prepared(
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
            var validation = data.Validation is { } held
                ? new Validation(options, network, held, run.Lanes, device)
                : null;
            return new Trainer(directory, begin(run, record), run, frozen, teacher, data, validation);
        }
        catch
        {
            ((IDisposable?)run ?? network)?.Dispose();
            frozen?.Dispose();
            teacher?.Dispose();
            data?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Takes the results of the last steps. A GPU is asked for them only now and then, a report or a save apart.</summary>
    private void TakeResults()
    {
        foreach (var step in run.TakeResults())
        {
            last = step;
            if (!step.IsFinite)
            {
                throw Diverged(step, $"loss {step.Loss}, gradient norm {step.GradientNorm}");
            }
        }
    }

    /// <summary>Saves a state that is worth it.</summary>
    private void Save()
    {
        TakeResults();
        if (!run.IsFinite())
        {
            throw Diverged(last with { Step = run.Step }, "a weight is no longer a number");
        }

        directory.Save(run, manifest);
    }

    private A3Exception Diverged(StepResult step, string what) =>
        new($"the run diverged at step {step.Step}: {what}.{BatchOf(step)} "
            + $"The last checkpoint is kept; start a new run from it (--init {directory.Newest}) with a lower learning rate than {Options.LearningRate}.");

    /// <summary>The documents of a step's batch, as far as one line may name them; nothing before the first step.</summary>
    private string BatchOf(StepResult step)
    {
        if (step.Rows is not { } rows)
        {
            return "";
        }

        var places = rows.Take(NamedRows).Select(row => data.Training.Place(row.Document));
        return $" Its batch: {string.Join("; ", places)}{(rows.Length > NamedRows ? $" and {rows.Length - NamedRows} more" : "")}.";
    }

    private IReadOnlyDictionary<string, double> Validate(CancellationToken cancellation)
    {
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var losses = validation!.Run(run.Network.Weights(), cancellation);
        var (query, content) = run.EndsTraining;
        var mean = losses.Where(loss => loss.Key == Validation.ContentStream ? content : query).Average(loss => loss.Value);
        if (mean < run.Best)
        {
            run.Best = mean;
            directory.SaveBest(run, Options, losses);
        }

        return losses;
    }

    /// <summary>What happened since the last line of metrics.</summary>
    private sealed class Report(TrainingRun run, long totalTokens)
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private long tokens = run.Tokens;

        public TrainingProgress Take(double norm, IReadOnlyDictionary<string, double> validation)
        {
            var rate = (run.Tokens - tokens) / clock.Elapsed.TotalSeconds;
            var remaining = TimeSpan.FromSeconds(Math.Max(0, totalTokens - run.Tokens) / rate);
            var line = new TrainingProgress(
                run.Step, run.Tokens, totalTokens, run.Unreported.Mean, norm, run.LearningRate, rate, remaining, validation);
            (tokens, run.Unreported) = (run.Tokens, default);
            clock.Restart();
            return line;
        }
    }
}

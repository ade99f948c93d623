using System.Diagnostics;
using A3.Torch.Training;
using TorchSharp;

namespace A3;

/// <summary>
/// A training run in a directory: checkpoint, state, manifest and metrics. Killed at any moment, it resumes from its last
/// state and goes on as if never stopped (Law 12). Not safe for use from several threads.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int StepsPerReport = 10;

    private const int NamedRows = 8;

    private readonly PreparedRun prepared;
    private readonly RunDirectory directory;
    private readonly TrainingRun run;
    private StepResult last;
    private (long Step, LossSum Unreported, double Best)? saved;

    private Trainer(PreparedRun prepared) =>
        (this.prepared, directory, run) = (prepared, prepared.Directory, prepared.Run);

    /// <summary>Tokens seen so far, padding not counted.</summary>
    public long Tokens => run.Tokens;

    /// <summary>Optimizer steps done so far.</summary>
    public long Step => run.Step;

    /// <summary>What is trained; the trainer owns it.</summary>
    internal TrainedNetwork Network => run.Network;

    private TrainingOptions Options => prepared.Manifest.Options;

    /// <summary>The last step that a run's directory holds; null for none.</summary>
    public static long? LastStep(string directory) => RunDirectory.LastStep(directory);

    /// <summary>Prepares a new run: tokenizer, tokenized data, weights.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="TrainingException">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static Trainer Start(TrainingOptions options, CancellationToken cancellation = default) => Start(options, null, cancellation);

    /// <summary>Prepares a new run and reports what it does, on the threads that do it.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="TrainingException">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static Trainer Start(TrainingOptions options, IProgress<Preparation>? preparation, CancellationToken cancellation) =>
        new(PreparedRun.Begin(options, preparation, cancellation));

    /// <summary>Takes a run up where its last state was saved.</summary>
    /// <exception cref="TrainingException">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static Trainer Resume(string output, CancellationToken cancellation = default) => Resume(output, new ResumeOptions(), null, cancellation);

    /// <summary>Takes a run up where its last state was saved, and reports what it does, on the threads that do it.</summary>
    /// <exception cref="TrainingException">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static Trainer Resume(string output, IProgress<Preparation>? preparation, CancellationToken cancellation) =>
        Resume(output, new ResumeOptions(), preparation, cancellation);

    /// <summary>Takes a run up with changes, which stay, where its last state was saved, and reports what it does, on the threads that do it.</summary>
    /// <exception cref="ArgumentException">A change breaks its rule.</exception>
    /// <exception cref="TrainingException">The directory holds no run, or its data or state does not fit its manifest.</exception>
    public static Trainer Resume(string output, ResumeOptions changes, IProgress<Preparation>? preparation, CancellationToken cancellation) =>
        new(PreparedRun.Resume(output, changes, preparation, cancellation));

    /// <summary>
    /// Trains to the end; cancellation saves the state and throws, whatever is going on at that moment. What <paramref name="progress"/> throws ends the
    /// run likewise. Where the state cannot be saved, the exception says which step is on the disk.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="TrainingException">The loss is no longer a number, or the state could not be saved; the last saved state is kept.</exception>
    public void Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        // A line that is still to be written for the present step is not there yet, or was not counted.
        using var metrics = new Metrics(Options.Output, run.Unreported.IsEmpty ? run.Step : run.Step - 1);
        var report = new Report(run, Options.AllTokens);
        var sinceSave = Stopwatch.StartNew();
        try
        {
            Tell(report, metrics, progress, cancellation);
            while (!run.IsDone)
            {
                cancellation.ThrowIfCancellationRequested();
                run.Advance();
                Tell(report, metrics, progress, cancellation);
                if (sinceSave.Elapsed.TotalSeconds >= Options.CheckpointSeconds)
                {
                    Save();
                    sinceSave.Restart();
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Save();
            throw;
        }

        Save();
    }

    /// <inheritdoc/>
    public void Dispose() => prepared.Dispose();

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

    /// <summary>Reports where a report is due at this step: every few steps, at validations and at the end, and once for each step.</summary>
    private void Tell(Report report, Metrics metrics, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var validates = prepared.Validation is not null && run.Step > 0 && (run.Step % Options.ValidateEvery == 0 || run.IsDone);
        if (!validates && run.Step % StepsPerReport != 0 && !run.IsDone)
        {
            return;
        }

        TakeResults();
        if (run.Unreported.IsEmpty)
        {
            return;
        }

        var line = report.Take(validates ? Validate(cancellation) : new Dictionary<string, double>());
        Written(metrics, line);
        run.Unreported = default;
        try
        {
            progress?.Report(line);
        }
        catch
        {
            Save();
            throw;
        }
    }

    /// <summary>Writes a line of metrics. Where that fails, the run is saved as one that still has it to write.</summary>
    private void Written(Metrics metrics, TrainingProgress line)
    {
        try
        {
            metrics.Write(line);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Save();
            throw new TrainingException($"{Shown.Text(metrics.File)}: cannot be written ({error.Message}). {directory.Kept}", error);
        }
    }

    /// <summary>Saves a state that is worth it, unless it is saved.</summary>
    private void Save()
    {
        TakeResults();
        var now = (run.Step, run.Unreported, run.Best);
        if (saved == now)
        {
            return;
        }

        if (!run.IsFinite())
        {
            throw Diverged(last with { Step = run.Step }, "a weight is no longer a number");
        }

        prepared.Save();
        saved = now;
    }

    private TrainingException Diverged(StepResult step, string what) =>
        new($"the run diverged at step {step.Step}: {what}.{BatchOf(step)} "
            + FormattableString.Invariant($"The last checkpoint is kept; start a new run from it (--init {directory.Newest}) with a lower learning rate than {Options.LearningRate}."));

    /// <summary>The documents of a step's batch, as far as one line may name them; nothing before the first step.</summary>
    private string BatchOf(StepResult step)
    {
        if (step.Rows is not { } rows)
        {
            return "";
        }

        var places = rows.Take(NamedRows).Select(row => prepared.Data.Training.Place(row.Document));
        return $" Its batch: {string.Join("; ", places)}{(rows.Length > NamedRows ? $" and {rows.Length - NamedRows} more" : "")}.";
    }

    private IReadOnlyDictionary<string, double> Validate(CancellationToken cancellation)
    {
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var losses = prepared.Validation!.Run(run.Network.Weights(), cancellation);
        var (query, content) = run.EndsTraining;
        var mean = losses.Where(loss => loss.Key == Validation.ContentStream ? content : query).Average(loss => loss.Value);
        if (mean < run.Best)
        {
            directory.SaveBest(run, Options, mean, losses);
            run.Best = mean;
        }

        return losses;
    }

    /// <summary>What happened since the last line of metrics.</summary>
    private sealed class Report(TrainingRun run, long totalTokens)
    {
        private const double ShortestSeconds = 1e-6;

        private readonly Stopwatch clock = Stopwatch.StartNew();
        private long tokens = run.Tokens;

        public TrainingProgress Take(IReadOnlyDictionary<string, double> validation)
        {
            var rate = (run.Tokens - tokens) / Math.Max(ShortestSeconds, clock.Elapsed.TotalSeconds);
            var seconds = Math.Max(0, totalTokens - run.Tokens) / rate;
            var remaining = seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
            tokens = run.Tokens;
            clock.Restart();
            return new TrainingProgress(
                run.Step, run.Tokens, totalTokens, run.Unreported.Mean, run.GradientNorm, run.LearningRate, rate, remaining, validation, run.Unreported.WithoutTarget);
        }
    }
}

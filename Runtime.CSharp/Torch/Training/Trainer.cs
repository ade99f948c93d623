using System.Diagnostics;
using A3.Runtime.Storage;
using A3.Torch.Training;
using TorchSharp;

namespace A3;

/// <summary>
/// A training run in a directory: checkpoint, state, manifest and metrics. Killed at any moment, it resumes from its last
/// state and goes on as if never stopped (Law 12).
/// </summary>
/// <remarks>
/// A trainer serves one call at a time: a run begun by another thread meanwhile throws <see cref="InvalidOperationException"/> and changes
/// nothing, but properties may be read by any thread. Disposing ends a run under way as cancellation does, its state saved, waits for its end,
/// and may be done by any thread and more than once; a run begun afterwards throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private const int StepsPerReport = 10;

    private const int NamedRows = 8;

    /// <summary>Threads are numbered from 1.</summary>
    private const int NoThread = 0;

    private readonly PreparedRun prepared;
    private readonly RunDirectory directory;
    private readonly TrainingRun run;
    private readonly Leases leases = new("trainer", most: 1);
    private readonly CancellationTokenSource ending = new();
    private volatile int working = NoThread;
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
    /// <exception cref="OperationCanceledException">Cancelled, or disposed of; the state is saved.</exception>
    /// <exception cref="InvalidOperationException">Another thread runs it.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of before.</exception>
    /// <exception cref="TrainingException">The loss is no longer a number, or the state could not be saved; the last saved state is kept.</exception>
    public void Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var lease = leases.Take(this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, ending.Token);
        working = Environment.CurrentManagedThreadId;
        try
        {
            Work(progress, either.Token);
        }
        finally
        {
            working = NoThread;
        }
    }

    /// <summary>Ends a run under way as cancellation does; once it has ended, frees what it holds and lets others into its directory.</summary>
    /// <exception cref="InvalidOperationException">The run under way itself disposes of it, in a report of its progress.</exception>
    public void Dispose()
    {
        if (working == Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException("a run cannot dispose of its own trainer; cancel it, and dispose when Run has returned.");
        }

        ending.Cancel();
        if (leases.Close())
        {
            prepared.Dispose();
        }
    }

    private void Work(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
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

using System.Diagnostics;
using A3.Model.Tensors;
using TorchSharp;

namespace A3.Runtime;

/// <summary>
/// A training run in a directory: checkpoint, state, manifest and metrics. Killed at any moment, it resumes from its last
/// state and goes on as if never stopped (Law 12). Not safe for use from several threads.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int StepsPerReport = 10;

    private readonly RunDirectory directory;
    private readonly TrainingOptions options;
    private readonly TrainingRun run;
    private readonly Validation? validation;

    private Trainer(RunDirectory directory, TrainingOptions options, TrainingRun run, Validation? validation) =>
        (this.directory, this.options, this.run, this.validation) = (directory, options, run, validation);

    /// <summary>Tokens seen so far, padding not counted.</summary>
    public long Tokens => run.Tokens;

    /// <summary>Optimizer steps done so far.</summary>
    public long Step => run.Step;

    /// <summary>Prepares a new run: tokenizer, tokenized data, weights.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="A3Exception">The data, the initial checkpoint or the output directory cannot be used.</exception>
    public static Trainer Start(TrainingOptions options, CancellationToken cancellation = default)
    {
        RunDirectory.CheckFree(options.Checked().Output);
        var curriculum = Specifications.Curriculum(options.Curriculum);
        Specifications.Course(curriculum, options, tokensPerStep: 1, TrainingSetup.Context(options));
        var tokenizer = TrainingSetup.Tokenizer(options, cancellation);
        var directory = RunDirectory.Create(options, TrainingSetup.Configuration(options, tokenizer), tokenizer);
        var trainer = Prepare(directory, options, curriculum, tokenizer, cancellation);
        directory.Save(trainer.run);
        return trainer;
    }

    /// <summary>Takes a run up where its last state was saved.</summary>
    /// <exception cref="A3Exception">The directory holds no run, or its state does not fit its manifest.</exception>
    public static Trainer Resume(string output, CancellationToken cancellation = default)
    {
        var directory = RunDirectory.Open(output, out var options);
        var curriculum = Specifications.Curriculum(options.Curriculum);
        var trainer = Prepare(directory, options, curriculum, Tokenizer.Load(output), cancellation);
        directory.Restore(trainer.run);
        return trainer;
    }

    /// <summary>Trains to the end; cancellation saves the state and throws.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="A3Exception">The loss is no longer a number; the last saved state is kept.</exception>
    public void Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var metrics = new Metrics(options.Output, run.Step);
        var report = new Report(run, options.Tokens);
        var sinceSave = Stopwatch.StartNew();
        while (run.Progress < 1)
        {
            if (cancellation.IsCancellationRequested)
            {
                directory.Save(run);
                cancellation.ThrowIfCancellationRequested();
            }

            report.Add(Advance());
            var validates = validation is not null && (run.Step % options.ValidateEvery == 0 || run.Progress >= 1);
            if (validates || run.Step % StepsPerReport == 0 || run.Progress >= 1)
            {
                var line = report.Take(validates ? Validate(cancellation) : new Dictionary<string, double>());
                metrics.Write(line);
                progress?.Report(line);
            }

            if (sinceSave.Elapsed.TotalSeconds >= options.CheckpointSeconds)
            {
                directory.Save(run);
                sinceSave.Restart();
            }
        }

        directory.Save(run);
    }

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();

    private static Trainer Prepare(
        RunDirectory directory,
        TrainingOptions options,
        Model.Curriculum curriculum,
        ITokenizer tokenizer,
        CancellationToken cancellation)
    {
        var device = Devices.Resolve(options.Device);
        var architecture = directory.Configuration.Architecture;
        var corpus = Corpus.Load(options.Data, tokenizer, cancellation);
        var held = options.Validation.Count > 0 ? Corpus.Load(options.Validation, tokenizer, cancellation) : null;
        using var scope = torch.NewDisposeScope();
        var parameters = TrainingSetup.Parameters(options, architecture).to(device);
        return new Trainer(
            directory,
            options,
            new TrainingRun(options, architecture, curriculum, corpus, parameters),
            held is null ? null : new Validation(architecture, held, options.ValidationRows, options.BatchTokens, device));
    }

    private (double Loss, double GradientNorm) Advance()
    {
        var step = run.Advance();
        return double.IsFinite(step.Loss) && double.IsFinite(step.GradientNorm)
            ? step
            : throw new A3Exception(
                $"the run diverged at step {run.Step}: loss {step.Loss}, gradient norm {step.GradientNorm}. "
                + $"The last saved state in {options.Output} is kept; start again from it with a lower learning rate than {options.LearningRate}.");
    }

    private IReadOnlyDictionary<string, double> Validate(CancellationToken cancellation)
    {
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return validation!.Run(WeightsModule.ofFlat(run.Architecture, run.Parameters), cancellation);
    }

    /// <summary>What happened since the last line of metrics.</summary>
    private sealed class Report(TrainingRun run, long totalTokens)
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private long tokens = run.Tokens;
        private double losses;
        private int steps;
        private double norm;

        public void Add((double Loss, double GradientNorm) step)
        {
            losses += step.Loss;
            norm = step.GradientNorm;
            steps++;
        }

        public TrainingProgress Take(IReadOnlyDictionary<string, double> validation)
        {
            var rate = (run.Tokens - tokens) / clock.Elapsed.TotalSeconds;
            var remaining = TimeSpan.FromSeconds(Math.Max(0, totalTokens - run.Tokens) / rate);
            var line = new TrainingProgress(
                run.Step, run.Tokens, totalTokens, losses / steps, norm, run.LearningRate, rate, remaining, validation);
            (tokens, losses, steps) = (run.Tokens, 0, 0);
            clock.Restart();
            return line;
        }
    }
}

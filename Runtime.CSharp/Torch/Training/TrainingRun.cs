using A3.Model;
using A3.Tensors;
using A3.Torch.Data;
using A3.Torch.Networks;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>What a step gave: which one it was, its loss (nats per target), the norm of its gradient, and the rows it saw.</summary>
internal readonly record struct StepResult(long Step, double Loss, double GradientNorm, Row[] Rows)
{
    /// <summary>Whether the step went well.</summary>
    public bool IsFinite => double.IsFinite(Loss) && double.IsFinite(GradientNorm);
}

/// <summary>
/// The moving parts of a run: flat parameters, optimizer, data and seeds. A step is a pure function of (parameters, moments,
/// step, tokens seen, data position), which is what the state file holds. Owns its tensors; single-threaded.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private const int StepsCounted = 32;

    private readonly TrainingOptions options;
    private readonly Model.TrainingSchedule schedule;
    private readonly BatchPlan plan;
    private readonly BatchBuilder builder;
    private readonly LearningRate learningRates;
    private readonly Seed seeds;
    private readonly Learner learner;
    private readonly ParallelMicroBatches microBatches;
    private readonly Queue<(long Step, Tensor? Numbers, Row[] Rows)> unread = [];

    /// <exception cref="RequestException">The curriculum does not fit the run.</exception>
    public TrainingRun(
        TrainingOptions options,
        TrainedNetwork network,
        TorchNetwork? teacher,
        Model.Curriculum curriculum,
        Corpus corpus,
        TorchSharp.torch.Device device)
    {
        (this.options, Network) = (options, network);
        var seed = SeedModule.ofInt64(options.Seed);
        var context = options.LongestSequence(Architecture.Context);
        plan = new BatchPlan(
            corpus.Documents, context, options.BatchTokens, options.Crop, SeedModule.derive(1, seed), options.Pack);
        schedule = Specifications.Schedule(curriculum, options, TokensPerStep(), context);
        seeds = SeedModule.derive(2, seed);
        builder = new BatchBuilder(corpus, device, network.Computes);
        learningRates = new LearningRate(options.LearningRate, options.Warmup, options.FinalRate);
        microBatches = new ParallelMicroBatches(device.type == TorchSharp.DeviceType.CPU ? options.ParallelMicroBatches : 1);
        learner = new Learner(network, options.WeightDecay, options.Clip, options.ActivationCheckpointing, options.Optimizer, microBatches, teacher is null ? null : new Teacher(teacher.Weights, options.DistilQueries));
    }

    /// <summary>What is trained; the run owns it.</summary>
    public TrainedNetwork Network { get; }

    public Model.Architecture Architecture => Network.Architecture;

    /// <summary>The numbers that train, as one vector.</summary>
    public Tensor Parameters => Network.Parameters;

    /// <summary>What passes run in.</summary>
    public ParallelMicroBatches ParallelMicroBatches => microBatches;

    public AdamW Optimizer => learner.Optimizer;

    /// <summary>Tokens seen, padding not counted.</summary>
    public long Tokens { get; set; }

    /// <summary>Steps done, those without a target included.</summary>
    public long Step => Optimizer.Steps + StepsWithoutTarget;

    /// <summary>Steps that had nothing to learn, and moved neither weights nor moments.</summary>
    public long StepsWithoutTarget { get; set; }

    /// <summary>Norm of the last gradient whose result was taken.</summary>
    public double GradientNorm { get; set; }

    /// <summary>Where in the data the next batch stands.</summary>
    public DataPosition Position { get; set; }

    /// <summary>Losses since the last line of metrics, of the steps whose results were taken.</summary>
    public LossSum Unreported { get; set; }

    /// <summary>The lowest validation loss so far.</summary>
    public double Best { get; set; } = double.PositiveInfinity;

    /// <summary>Share of the run as it was planned that is done, in [0, 1]: where stages and learning rate stand. It stays 1 while an extended run goes on.</summary>
    public double Progress => Math.Min(1, (double)Tokens / options.Tokens);

    /// <summary>Whether all tokens of the run were seen.</summary>
    public bool IsDone => Tokens >= options.AllTokens;

    /// <summary>Whether there is a batch at a position.</summary>
    public bool IsInData(DataPosition position) => plan.Holds(position);

    public double LearningRate => learningRates.At(Progress);

    /// <summary>Whether the last stage trains the query stream, and whether it trains the content stream: what a run comes to is judged by these.</summary>
    public (bool Query, bool Content) EndsTraining
    {
        get
        {
            var last = TrainingScheduleModule.stages(schedule).Last().Item2;
            return (last.Losses.Query > 0, ContentWeight(last) > 0);
        }
    }

    /// <summary>One optimizer step. Its result waits to be taken, so that a GPU need not be waited for.</summary>
    public void Advance()
    {
        using var scope = NewDisposeScope();
        var stage = TrainingScheduleModule.stageAt(Progress, schedule).Item1;
        var batches = NextBatches(ContentWeight(stage) > 0, out var rows);
        var numbers = learner.Step(batches, stage.Losses.Query, ContentWeight(stage), LearningRate);
        Tokens += rows.Sum(row => row.Length);
        StepsWithoutTarget += numbers is null ? 1 : 0;
        unread.Enqueue((Step, numbers?.DetachFromDisposeScope(), rows));
    }

    /// <summary>The results of the steps since the last call that had a target, in order; waits for the device.</summary>
    public IEnumerable<StepResult> TakeResults()
    {
        while (unread.TryDequeue(out var step))
        {
            if (step.Numbers is null)
            {
                Unreported = Unreported.WithNothing();
                continue;
            }

            using var host = step.Numbers.cpu();
            step.Numbers.Dispose();
            var numbers = host.data<float>();
            var result = new StepResult(step.Step, numbers[0], numbers[1], step.Rows);
            (Unreported, GradientNorm) = (Unreported.With(result.Loss), result.GradientNorm);
            yield return result;
        }
    }

    /// <summary>Whether all parameters are numbers; a state with others is not worth keeping.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        return Parameters.detach().isfinite().all().cpu().data<bool>()[0];
    }

    public void Dispose()
    {
        foreach (var step in unread)
        {
            step.Numbers?.Dispose();
        }

        learner.Dispose();
        Network.Dispose();
    }

    /// <summary>The batches of a step, each row under its own drawing; the data position moves behind them.</summary>
    private Batch[] NextBatches(bool withCausal, out Row[] rows)
    {
        var seed = SeedModule.derive(Step, seeds);
        var (batches, seen) = (new Batch[options.GradientAccumulationSteps], new List<Row>());
        for (var i = 0; i < batches.Length; i++)
        {
            var lines = plan.At(Position);
            var drawings = lines.SelectMany(line => line)
                .Select((row, index) => Draw(row, SeedModule.derive(seen.Count + index, seed)))
                .ToArray();
            batches[i] = builder.Build(lines, drawings, withCausal);
            seen.AddRange(lines.SelectMany(line => line));
            Position = plan.After(Position);
        }

        rows = [.. seen];
        return batches;
    }

    private SampledLayout Draw(Row row, Seed seed) => TrainingScheduleModule.sample(schedule, seed, Progress, builder.LayoutOf(row));

    /// <summary>How much the content stream's loss counts in a stage; the run decides where the stage does not.</summary>
    private double ContentWeight(Stage stage) => stage.Losses.Content?.Value ?? options.ContentWeight;

    /// <summary>The mean of the first steps, which stages in steps are counted by: a function of data and seed alone.</summary>
    private double TokensPerStep()
    {
        var (tokens, position) = (0L, default(DataPosition));
        for (var batch = 0; batch < StepsCounted * options.GradientAccumulationSteps; batch++)
        {
            tokens += plan.At(position).Sum(line => line.Sum(row => row.Length));
            position = plan.After(position);
        }

        return (double)tokens / StepsCounted;
    }
}

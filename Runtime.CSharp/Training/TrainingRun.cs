using A3.Model;
using A3.Model.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// The moving parts of a run: flat parameters, optimizer, data and draws. A step is a pure function of (parameters, moments,
/// step, tokens seen), which is what the state file holds. Owns its tensors; single-threaded.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private const int StepsCounted = 32;

    private readonly TrainingOptions options;
    private readonly Model.Course course;
    private readonly BatchPlan plan;
    private readonly BatchBuilder builder;
    private readonly LearningRate schedule;
    private readonly Seed draws;

    /// <exception cref="ArgumentException">The curriculum does not fit the run.</exception>
    public TrainingRun(TrainingOptions options, Model.Architecture architecture, Model.Curriculum curriculum, Corpus corpus, Tensor parameters)
    {
        this.options = options;
        var seed = SeedModule.ofInt64(options.Seed);
        plan = new BatchPlan(corpus.Documents, architecture.Context, options.BatchTokens, options.Crop, SeedModule.derive(1, seed));
        course = Specifications.Course(curriculum, options, TokensPerStep(), architecture.Context);
        Architecture = architecture;
        Parameters = parameters.DetachFromDisposeScope().requires_grad_();
        draws = SeedModule.derive(2, seed);
        builder = new BatchBuilder(corpus, parameters.device);
        schedule = new LearningRate(options.LearningRate, options.Warmup);
        Optimizer = new AdamW(Parameters, WeightsModule.decayingCount(architecture), options.WeightDecay, options.Clip);
    }

    public Model.Architecture Architecture { get; }

    /// <summary>All parameters as one vector, decaying ones first: the leaf of the graph.</summary>
    public Tensor Parameters { get; }

    public AdamW Optimizer { get; }

    /// <summary>Tokens seen, padding not counted.</summary>
    public long Tokens { get; set; }

    public long Step => Optimizer.Steps;

    /// <summary>Share of the run that is done, in [0, 1].</summary>
    public double Progress => Math.Min(1, (double)Tokens / options.Tokens);

    public double LearningRate => schedule.At(Progress);

    /// <summary>One optimizer step; gives the loss (nats per target) and the gradient's norm.</summary>
    public (double Loss, double GradientNorm) Advance()
    {
        using var scope = NewDisposeScope();
        var rows = plan.At(Step);
        var stepDraws = SeedModule.derive(Step, draws);
        var drawings = rows.Select((row, index) => Draw(row, SeedModule.derive(index, stepDraws))).ToArray();
        var (queryWeight, contentWeight) = LossWeights();
        var batch = builder.Build(rows, drawings, withCausal: contentWeight > 0);
        var losses = Objective.losses(Architecture, WeightsModule.ofFlat(Architecture, Parameters), batch);
        var query = losses.Query * queryWeight;
        var total = losses.Content is { } content ? query + content.Value * contentWeight : query;
        total.backward();
        var rate = LearningRate;
        Tokens += rows.Sum(row => row.Length);
        var norm = Optimizer.Step(rate);
        return (losses.Query.ToDouble(), norm.ToDouble());
    }

    /// <summary>The parameters of the checkpoint by name, as views that live as long as the caller's dispose scope.</summary>
    public IEnumerable<(Parameter Parameter, Tensor Value)> Named()
    {
        foreach (var (parameter, offset) in WeightsModule.flatLayout(Architecture))
        {
            var shape = parameter.Shape.Select(side => (long)side).ToArray();
            var size = shape.Aggregate(1L, (product, side) => product * side);
            yield return (parameter, Parameters.detach().narrow(0, offset, size).view(shape));
        }
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Parameters.Dispose();
    }

    private Drawing Draw(Row row, Seed seed) => CourseModule.draw(course, seed, Progress, builder.ShapeOf(row));

    /// <summary>How much each stream's loss counts in this stage; the run decides on the content stream where the stage does not.</summary>
    private (double Query, double Content) LossWeights()
    {
        var losses = CourseModule.stageAt(Progress, course).Item1.Losses;
        return (losses.Query, losses.Content?.Value ?? options.ContentWeight);
    }

    /// <summary>The mean of the first steps, which stages in steps are counted by: a function of data and seed alone.</summary>
    private double TokensPerStep() =>
        Enumerable.Range(0, StepsCounted).Average(step => plan.At(step).Sum(row => row.Length));
}

using System.Collections.Immutable;

namespace A3.Bench;

/// <summary>What one kind of step showed over all rounds.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Speed">Tokens per second.</param>
/// <param name="Flops">Multiplications and additions of a step, see <see cref="TrainFlops"/>.</param>
/// <param name="PeakShare">Those per second, as a share of what matrix products reach.</param>
/// <param name="MemoryPerToken">Bytes that the process grows by in a step, parameters and moments not counted, per token; null where unknown.</param>
public sealed record StepFigures(string Name, Spread Speed, long Flops, Spread PeakShare, double? MemoryPerToken);

/// <summary>A figure that has a goal.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Value">Over all rounds.</param>
/// <param name="Goal">Null where none was set for a network of this shape on so many threads.</param>
/// <param name="AtMost">Whether the figure is to be at most its goal; else at least.</param>
public sealed record TrainRatio(string Name, Spread Value, double? Goal, bool AtMost)
{
    /// <summary>Whether the median keeps the goal; null without one.</summary>
    public bool? Reached => Goal is double goal ? (AtMost ? Value.Median <= goal : Value.Median >= goal) : null;
}

/// <summary>The result of <see cref="TrainBenchmark"/>.</summary>
/// <param name="Peak">Multiplications and additions per second of large matrix products: in each round, the fastest.</param>
/// <param name="Steps">In the order they were run in.</param>
/// <param name="Ratios">The two-stream step against the other, then the share of the peak of each.</param>
public sealed record TrainReport(Spread Peak, ImmutableArray<StepFigures> Steps, ImmutableArray<TrainRatio> Ratios);

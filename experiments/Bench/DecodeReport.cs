using System.Collections.Immutable;

namespace A3.Bench;

/// <summary>What one method showed over all rounds.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Speed">Tokens per second.</param>
/// <param name="Typical">The run of median speed.</param>
/// <param name="WeightBytes">Bytes of weights that the run of median speed read.</param>
/// <param name="MemoryShare">Bytes of weights per second, as a share of what the machine can read.</param>
public sealed record MethodFigures(
    string Name, Spread Speed, DecodeRun Typical, long WeightBytes, Spread MemoryShare);

/// <summary>A comparison within one round, over all rounds.</summary>
/// <param name="Name">What is compared with what.</param>
/// <param name="Value">The ratio.</param>
/// <param name="Goal">What it is to be at least; null where none was set for a network of this shape.</param>
public sealed record RatioFigures(string Name, Spread Value, double? Goal)
{
    /// <summary>Whether the median keeps the goal; null without one.</summary>
    public bool? Reached => Goal is double goal ? Value.Median >= goal : null;
}

/// <summary>The result of <see cref="DecodeBenchmark"/>.</summary>
/// <param name="PassBytes">Bytes of weights that one forward pass reads.</param>
/// <param name="Memory">Bytes per second that the machine can read: in each round, the fastest walk over fresh memory.</param>
/// <param name="Methods">In the order they were run in.</param>
/// <param name="Ratios">Those of which both sides were measured.</param>
public sealed record DecodeReport(
    long PassBytes,
    Spread Memory,
    ImmutableArray<MethodFigures> Methods,
    ImmutableArray<RatioFigures> Ratios);

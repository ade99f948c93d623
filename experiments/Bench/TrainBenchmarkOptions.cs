namespace A3.Bench;

/// <summary>What <see cref="TrainBenchmark"/> measures, and how often.</summary>
public sealed record TrainBenchmarkOptions
{
    /// <summary>Tokens of a step, BOS counted: as many whole sequences of the network's context as they hold, at least one.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>Size of the groups, which are drawn in a random order of positions.</summary>
    public int Group { get; init; } = 4;

    /// <summary>Whether the two-stream step computes blocks once more on the way back in place of keeping them.</summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>Where the steps run.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>Number type of passes and of the products they are compared with; what trains is float32.</summary>
    public NumberType Compute { get; init; } = NumberType.Float32;

    /// <summary>Threads of libtorch on the CPU.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Runs of each step, interleaved.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>Names the weights, the tokens and the orders.</summary>
    public long Seed { get; init; } = 1;
}

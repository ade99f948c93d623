using System.Diagnostics;
using A3.Torch.Networks;
using A3.Torch.Training;
using static TorchSharp.torch;

namespace A3.Bench;

using A3.Model;
using A3.Tensors;

/// <summary>
/// Measures the two-stream training step against a plain AR step of the same network and tokens, and both against the fastest matrix
/// product: all of them in every round, one after the other, in one process, so that whatever else the machine does meets all alike.
/// </summary>
public sealed class TrainBenchmark(Architecture architecture, TrainBenchmarkOptions options)
{
    private const int WarmRuns = 2;

    /// <summary>At most so many times as long as a plain AR step.</summary>
    private const double RatioGoal = 1.7;

    /// <summary>At least this share of the peak, on two cores at this width and above, in float32.</summary>
    private const double ShareGoal = 0.45;
    private const int GoalThreads = 2, GoalWidth = 256;

    /// <summary>The network that is measured, as it is printed.</summary>
    public A3.Architecture Architecture { get; } = new(architecture);

    private int Sequences => Math.Max(1, options.BatchTokens / architecture.Context);

    private bool OnGpu => options.Device == Device.Cuda;

    private int Tokens => Sequences * architecture.Context;

    /// <summary>Warms up, then measures; <paramref name="report"/> hears what is being done.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between steps.</exception>
    public TrainReport Run(Action<string> report, CancellationToken cancellation)
    {
        var device = Devices.Resolve(options.Device);
        using var threads = TorchThreads.limit(options.Threads);
        using var tokens = RandomTokens(device);
        using var causal = new CausalStep(architecture, tokens, options);
        using var twoStream = new TwoStreamStep(architecture, tokens, Partitions(), options);
        using var peak = new MatrixPeak(device, options.Compute.OfTensors());
        ITrainStep[] steps = [causal, twoStream];
        peak.Measure();
        report("warming up");
        var peakMemory = new PeakMemory();
        var memory = steps.Select(step => peakMemory.Of(step.Run)).Select(bytes => OnGpu ? null : bytes).ToArray();
        for (var run = 1; run < WarmRuns; run++)
        {
            Measure(peak, steps, cancellation);
        }

        var rounds = new List<TrainRound>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            report($"round {round} of {options.Rounds}");
            rounds.Add(Measure(peak, steps, cancellation));
        }

        return Reported(steps, memory, rounds);
    }

    private static TrainRound Measure(MatrixPeak peak, ITrainStep[] steps, CancellationToken cancellation)
    {
        var fastest = peak.Measure();
        var seconds = new double[steps.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();

            // No step pays for what another left behind.
            GC.Collect();
            var start = Stopwatch.GetTimestamp();
            steps[i].Run();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            fastest = Math.Max(fastest, peak.Measure());
        }

        return new(fastest, seconds);
    }

    private TrainReport Reported(ITrainStep[] steps, long?[] memory, List<TrainRound> rounds)
    {
        Spread Share(int step) => Spread.Of(rounds.Select(round => steps[step].Flops / round.Seconds[step] / round.Peak));
        double? shareGoal = !OnGpu && options.Threads == GoalThreads && architecture.Width >= GoalWidth ? ShareGoal : null;
        return new(
            Spread.Of(rounds.Select(round => round.Peak)),
            [
                .. steps.Select((step, i) => new StepFigures(
                    step.Name, Spread.Of(rounds.Select(round => Tokens / round.Seconds[i])), step.Flops, Share(i), memory[i] / (double)Tokens)),
            ],
            [
                new("two streams / plain AR, seconds", Spread.Of(rounds.Select(round => round.Seconds[1] / round.Seconds[0])), RatioGoal, AtMost: true),
                .. steps.Select((step, i) => new TrainRatio($"{step.Name} / matrix-product peak", Share(i), shareGoal, AtMost: false)),
            ]);
    }

    /// <summary>[sequence, position]; what a step costs does not depend on them.</summary>
    private Tensor RandomTokens(TorchSharp.torch.Device device)
    {
        var seed = SeedModule.derive(1, SeedModule.ofInt64(options.Seed));
        long[] tokens = [.. Enumerable.Range(0, Tokens).Select(i => (long)SeedModule.below(architecture.Vocabulary, SeedModule.derive(i, seed)))];
        return Numbers.place(device, tensor(tokens)).reshape(Sequences, architecture.Context).DetachFromDisposeScope();
    }

    /// <summary>A random order of each sequence behind BOS, in groups.</summary>
    private Partition[] Partitions()
    {
        var seed = SeedModule.derive(2, SeedModule.ofInt64(options.Seed));
        var grouping = Specifications.Grouping($"random 1 | chunks {options.Group}");
        var shape = SequenceLayoutModule.given([0], new SequenceLayout(architecture.Context, [], [0], [0]));
        return
        [
            .. Enumerable.Range(0, Sequences)
                .Select(sequence => GroupingModule.resolve(shape, GroupingModule.reseed(SeedModule.derive(sequence, seed), grouping))),
        ];
    }

    /// <summary>The fastest product of a round, and the seconds of each step.</summary>
    private sealed record TrainRound(double Peak, double[] Seconds);
}

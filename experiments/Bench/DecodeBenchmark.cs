using System.Collections.Immutable;
using A3.Runtime.Networks;
using A3.Runtime.Networks.Managed;
using A3.Torch.Networks;

namespace A3.Bench;

using A3.Model;

/// <summary>
/// Measures ways to decode against each other and against the machine: all of them in every round, one after the other, in
/// one warm process, so that whatever else the machine does meets all alike.
/// </summary>
public sealed class DecodeBenchmark : IDisposable
{
    /// <summary>Runs before the first that counts: one to run every path, one for what was compiled anew after it.</summary>
    private const int WarmRuns = 2;

    private readonly DecodeBenchmarkOptions options;
    private readonly Architecture architecture;
    private readonly ImmutableArray<IDecodeMethod> methods;
    private readonly IMemoryReader memory;
    private readonly bool managed;
    private readonly long passBytes;

    /// <summary>Borrows the network.</summary>
    /// <exception cref="A3Exception">The network has no query stream, or its context is too short.</exception>
    public DecodeBenchmark(MeasuredNetwork network, DecodeBenchmarkOptions options)
        : this(network.Network, options)
    {
    }

    internal DecodeBenchmark(INetwork network, DecodeBenchmarkOptions options)
    {
        this.options = options;
        architecture = network.Architecture;

        if (architecture.QueryStream.IsAbsent)
        {
            throw new A3Exception(
                "this checkpoint has no query stream, so there are no groups to compare; name an A3 checkpoint, or leave --model out for random weights.");
        }

        if (options.Positions >= architecture.Context)
        {
            throw new A3Exception(
                $"positions = {options.Positions}: BOS and as many positions must fit the model's context of {architecture.Context}; use at most {architecture.Context - 1}.");
        }

        methods = new DecodeMethods(network, options).All();
        (memory, var numberBytes, managed) = network switch
        {
            ManagedNetwork own => ((IMemoryReader)new MemoryReader(own.Pool), sizeof(float), true),
            TorchNetwork torch => (new TorchMemoryReader(torch.Device), (int)torch.Weights.Embedding.ElementSize, false),
            _ => throw new ArgumentException($"{network.GetType()}: no way to read its memory is known.", nameof(network)),
        };
        passBytes = numberBytes * PassNumbers(architecture);
    }

    /// <summary>Warms up, then measures; <paramref name="report"/> hears what is being done.</summary>
    public DecodeReport Run(Action<string> report, CancellationToken cancellation)
    {
        for (var run = 1; run <= WarmRuns; run++)
        {
            report($"warming up, {run} of {WarmRuns}");
            Round(run, cancellation);
        }

        var rounds = new List<BenchmarkRound>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            report($"round {round} of {options.Rounds}");
            rounds.Add(Round(round, cancellation));
        }

        return new(
            passBytes,
            Spread.Of(rounds.Select(round => round.Memory)),
            [.. methods.Select((method, index) => Figures(method.Name, [.. rounds.Select(round => (round.Runs[index], round.Memory))]))],
            DecodeGoals.Ratios(managed ? architecture : null, options.Positions, [.. rounds.Select(Speeds)], rounds.Select(Share)));
    }

    public void Dispose() => (memory as IDisposable)?.Dispose();

    /// <summary>Numbers of all blocks and the head; the embedding of a separate head is only looked up.</summary>
    private static long PassNumbers(Architecture architecture) =>
        ArchitectureModule.parameterCount(architecture)
        - (architecture.TiedHead ? 0 : (long)architecture.Vocabulary * architecture.Width);

    private BenchmarkRound Round(int number, CancellationToken cancellation)
    {
        var seed = SeedModule.derive(number, SeedModule.ofInt64(options.Seed));
        var fastest = memory.Measure();
        var runs = new DecodeRun[methods.Length];

        for (var i = 0; i < runs.Length; i++)
        {
            // No method pays for what another left behind.
            GC.Collect();
            runs[i] = methods[i].Run(seed, cancellation);
            fastest = Math.Max(fastest, memory.Measure());
        }

        return new(fastest, runs);
    }

    private MethodFigures Figures(string name, (DecodeRun Run, double Memory)[] rounds)
    {
        var typical = rounds.Select(round => round.Run).OrderBy(run => run.Speed).ElementAt(rounds.Length / 2);
        return new(
            name,
            Spread.Of(rounds.Select(round => round.Run.Speed)),
            typical,
            typical.Passes * passBytes,
            Spread.Of(rounds.Select(round => Share(round.Run, round.Memory))));
    }

    private double Share(DecodeRun run, double limit) => run.Passes * passBytes / run.Seconds / limit;

    /// <summary>Of causal decoding, which is the first method.</summary>
    private double Share(BenchmarkRound round) => Share(round.Runs[0], round.Memory);

    private IReadOnlyDictionary<string, double> Speeds(BenchmarkRound round) =>
        methods.Zip(round.Runs).ToDictionary(pair => pair.First.Name, pair => pair.Second.Speed);

    /// <summary>One run of each method, and the fastest walk over memory between them, in bytes per second.</summary>
    private sealed record BenchmarkRound(double Memory, DecodeRun[] Runs);
}

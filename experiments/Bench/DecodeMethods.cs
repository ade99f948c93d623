using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using Microsoft.FSharp.Core;

namespace A3.Bench;

using A3.Model;

/// <summary>The ways to decode that <see cref="DecodeBenchmark"/> compares, all from BOS on, left to right.</summary>
/// <remarks>The order changes no figure: a cached pass costs the same whichever positions its rows have.</remarks>
internal sealed class DecodeMethods(INetwork network, DecodeBenchmarkOptions options)
{
    /// <summary>Content stream only.</summary>
    public const string Causal = "causal";

    /// <summary>The authors' algorithm.</summary>
    public const string Uncached = "uncached, as published";

    /// <summary>The same groups and logits as cached, everything committed run anew.</summary>
    public const string Recomputed = "uncached, groups of 4";

    /// <summary>Groups of 4 with four times as many positions still open.</summary>
    public const string Ahead = "groups of 4, 4x open";

    private const int UncachedGroup = 4;
    private const int Window = 4;

    /// <summary>How many times the positions <see cref="Ahead"/> leaves open.</summary>
    private const int Times = 4;

    private readonly int[] tokens = Tokens(network.Architecture.Vocabulary, Times * options.Positions + 1, options);

    /// <summary>As in a model: special tokens are never drawn, and characters are whole.</summary>
    private readonly PositionConstraints constraints =
        new(new(new LetterTokenizer(network.Architecture.Vocabulary), network.Architecture.Vocabulary), []);

    /// <summary>The name of cached decoding in groups of a size.</summary>
    public static string Groups(int size) => $"groups of {size}";

    /// <summary>All that fit the network's context, in the order they are run in.</summary>
    public ImmutableArray<IDecodeMethod> All() =>
    [
        new WholeRun(Causal, (seed, cancellation) => Run(
            () => CausalDecoder.Create(network, [tokens[0]], options.Positions, Sampler(seed)), cancellation)),
        .. options.Groups.Select(size => Groupwise(Groups(size), size, options.Positions)),
        .. Fits(Times * options.Positions) ? [Groupwise(Ahead, UncachedGroup, Times * options.Positions)] : Array.Empty<IDecodeMethod>(),
        Speculative(),
        Adaptive(),
        Reencoding(),
        Recomputing(),
    ];

    /// <summary>BOS and random tokens: what a step costs does not depend on them.</summary>
    private static int[] Tokens(int vocabulary, int length, DecodeBenchmarkOptions options)
    {
        int Draw(int position) => SeedModule.below(vocabulary, SeedModule.derive(position, SeedModule.ofInt64(options.Seed)));
        return [options.Bos ?? Draw(0), .. Enumerable.Range(1, length - 1).Select(Draw)];
    }

    private bool Fits(int positions) => positions + 1 <= network.Architecture.Context;

    /// <summary>Only as many groups are run as make up the positions of the benchmark.</summary>
    private WholeRun Groupwise(string name, int size, int positions)
    {
        var sequence = ToFill(positions, committed: 1, size);
        var steps = (options.Positions + size - 1) / size;
        return new(name, (seed, cancellation) =>
            Run(() => new GroupwiseDecoder(sequence, Sampler(seed)), cancellation).Take(steps));
    }

    private WholeRun Speculative()
    {
        var sequence = ToFill(options.Positions, committed: 1, 1);
        return new($"speculative, window {Window}", (seed, cancellation) =>
            Run(() => SpeculativeDecoder.Create(sequence, Window, new(Sampler(seed), SpeculativeRule.Residual)), cancellation));
    }

    private WholeRun Adaptive()
    {
        var sequence = ToFill(options.Positions, committed: 1, options.Positions);
        var policy = (Policy.Adaptive)Policy.NewAdaptive(
            Criterion.Entropy, Amount.NewConstant(UncachedGroup), FSharpOption<int>.Some(4 * UncachedGroup));
        return new($"adaptive, {UncachedGroup} of {4 * UncachedGroup}", (seed, cancellation) =>
            Run(() => new AdaptiveDecoder(sequence, policy, Sampler(seed)), cancellation));
    }

    private Sampler Sampler(Seed seed) => new(options.Sampling, seed, constraints);

    private IEnumerable<DecodingStep> Run(Func<IDecoder> start, CancellationToken cancellation) =>
        DecodeLoop.Run(network, start, cancellation);

    private SampledRun Reencoding()
    {
        var policy = (Policy.Adaptive)Policy.NewAdaptive(
            Criterion.Leftmost, Amount.NewConstant(UncachedGroup), FSharpOption<int>.None);
        return Stateless(Uncached, (step, seed, cancellation) => ReferenceDecoder.Decode(
            ToFill(options.Positions, 1 + step * UncachedGroup, options.Positions), policy, options.Sampling, seed, cancellation));
    }

    private SampledRun Recomputing() =>
        Stateless(Recomputed, (step, seed, cancellation) => UncachedDecoder.Decode(
            ToFill(options.Positions, 1 + step * UncachedGroup, UncachedGroup), options.Sampling, seed, cancellation));

    private SampledRun Stateless(string name, Func<int, Seed, CancellationToken, IEnumerable<DecodingStep>> from) =>
        new(name, (options.Positions + UncachedGroup - 1) / UncachedGroup, options.Positions, options.UncachedSeconds, from);

    /// <summary>BOS and the positions after it, so many in all committed as evidence, the others in groups of a size.</summary>
    private PartialSequence ToFill(int positions, int committed, int size)
    {
        var evidence = Enumerable.Range(0, committed).ToArray();
        var groups = Enumerable.Range(committed, positions + 1 - committed).Chunk(size);
        return PartialSequence.ToDecode(
            network, tokens.AsSpan(0, positions + 1), PartitionModule.create(1, [evidence, .. groups]));
    }
}

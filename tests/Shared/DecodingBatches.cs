using Xunit;

namespace A3.Tests;

using A3.Model;

/// <summary>Decodes of every kind, alone and together.</summary>
internal static class DecodingBatches
{
    private static readonly SamplingOptions Nucleus = new() { Temperature = 0.8, TopP = 0.9 };

    /// <summary>Decodes of every kind, with orders, lengths and evidence of their own.</summary>
    public static IDecoder[] Decoders(INetwork network) =>
    [
        .. Enumerable.Range(0, 12).Select(IDecoder (row) =>
        {
            var given = DecodingCase.Random(row, 5 + 4 * row, network.Architecture.Vocabulary);
            var sequence = given.ToDecode(network);
            var sampler = new Sampler(Nucleus, given.RunSeed);
            var adaptive = (Policy.Adaptive)Policy.NewAdaptive(Criterion.Entropy, Amount.NewConstant(2), null);
            return (row % 5) switch
            {
                0 => new GroupwiseDecoder(sequence, sampler),
                1 => new AdaptiveDecoder(sequence, adaptive, sampler),
                2 => SpeculativeDecoder.Create(Singletons(given).ToDecode(network), 3, new(sampler, SpeculativeRule.Residual)),
                3 => CausalDecoder.Create(network, given.Tokens.AsSpan(..3), 2 * row, sampler),
                _ => new UncachedDecoder(sequence, sampler),
            };
        }),
    ];

    private static DecodingCase Singletons(DecodingCase given) =>
        given with { Ranks = [.. Enumerable.Range(0, given.Tokens.Length)], Evidence = 2 };

    public static DecodedToken[] Alone(INetwork network, IDecoder decoder) =>
        [.. DecodeLoop.Run(network, () => decoder).SelectMany(step => step.Tokens)];

    public static DecodedToken[][] Together(INetwork network, IDecoder[] decoders)
    {
        var states = Array.ConvertAll(decoders, decoder => new DecodeState(network, decoder));
        using var pass = network.NewPass();
        var steps = DecodeLoop.RunAll(states, pass, CancellationToken.None).ToLookup(item => item.Index, item => item.Step);
        Array.ForEach(states, state => state.Dispose());
        return [.. decoders.Select((_, row) => steps[row].SelectMany(step => step.Tokens).ToArray())];
    }

    /// <summary>Decodes of every kind draw the same tokens together as alone, and as on the managed network of that architecture.</summary>
    public static void AssertSameTokens(INetwork network, Architecture architecture)
    {
        using var managed = RandomNetwork.Create(architecture);
        var together = Together(network, Decoders(network));
        AssertSame(Decoders(network).Select(decoder => Alone(network, decoder)), together);
        AssertSame(Decoders(managed).Select(decoder => Alone(managed, decoder)), together);

        static void AssertSame(IEnumerable<DecodedToken[]> alone, DecodedToken[][] together)
        {
            foreach (var (expected, actual) in alone.Zip(together))
            {
                Assert.Equal(expected.Select(token => (token.Position, token.Token)), actual.Select(token => (token.Position, token.Token)));
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 1e-4));
            }
        }
    }
}

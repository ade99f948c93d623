using Xunit;

namespace A3.Runtime.Tests.Decoding;

using A3.Model;

/// <summary>Stopping, copying and going on, for every decoder.</summary>
public sealed class DecodeStateTests
{
    private static readonly Architecture Architecture = RandomNetwork.With(RandomNetwork.Kinds["plain"], context: 256);
    private static readonly DecodingCase Given = DecodingCase.Random(5, 150, Architecture.Vocabulary);

    public static readonly TheoryData<string> Kinds = ["groupwise", "adaptive", "reference", "speculative", "causal", "uncached", "revising"];

    private static IDecoder Decoder(string kind, INetwork network)
    {
        var sampler = new Sampler(new(), Given.RunSeed);
        var adaptive = (Policy.Adaptive)Policy.NewAdaptive(Criterion.Margin, Amount.NewConstant(9), 20);
        var sequence = Given.ToDecode(network);
        var singletons = (Given with { Ranks = [.. Enumerable.Range(0, 150)], Evidence = 70 }).ToDecode(network);
        return kind switch
        {
            "groupwise" => new GroupwiseDecoder(sequence, sampler),
            "adaptive" => new AdaptiveDecoder(sequence, adaptive, sampler),
            "reference" => new ReferenceDecoder(sequence, adaptive, sampler),
            "speculative" => SpeculativeDecoder.Create(singletons, 4, new(sampler, SpeculativeRule.Residual)),
            "revising" => new RevisingDecoder(new GroupwiseDecoder(sequence, sampler), sequence, sampler, new() { Share = 0.1, Block = 3 }),
            "causal" => CausalDecoder.Create(network, Given.Tokens.AsSpan(..80), 60, sampler),
            _ => new UncachedDecoder(sequence, sampler),
        };
    }

    private static List<DecodedToken> Finish(DecodeState state, IPass pass)
    {
        var tokens = new List<DecodedToken>();

        while (DecodeLoop.Next(state, pass, CancellationToken.None) is { } step)
        {
            tokens.AddRange(step.Tokens);
        }

        return tokens;
    }

    /// <summary>A step of each in turn, so that each would see what another wrote into its cache.</summary>
    private static (List<DecodedToken> First, List<DecodedToken> Second, List<DecodedToken> Third) Alternate(
        DecodeState first, DecodeState second, DecodeState third, IPass pass)
    {
        var tokens = new[] { first, second, third }.Select(state => (State: state, Tokens: new List<DecodedToken>())).ToArray();

        while (tokens.Any(item => !item.State.IsDone))
        {
            foreach (var (state, own) in tokens)
            {
                own.AddRange(DecodeLoop.Next(state, pass, CancellationToken.None)?.Tokens ?? []);
            }
        }

        return (tokens[0].Tokens, tokens[1].Tokens, tokens[2].Tokens);
    }

    private static IEnumerable<int> Positions(IEnumerable<DecodedToken> tokens) =>
        tokens.Select(token => token.Position).Distinct().Order();

    [Theory(DisplayName = "A fork goes on as its origin would, and neither disturbs the other")]
    [MemberData(nameof(Kinds))]
    public void Forks(string kind)
    {
        using var network = RandomNetwork.Create(Architecture);
        using var pass = network.NewPass();
        using var straight = new DecodeState(network, Decoder(kind, network));
        using var origin = new DecodeState(network, Decoder(kind, network));
        var expected = Finish(straight, pass);
        var before = new List<DecodedToken>();

        for (var step = 0; step < 2; step++)
        {
            before.AddRange(DecodeLoop.Next(origin, pass, CancellationToken.None)!.Tokens);
        }

        using var fork = origin.Fork(null);
        using var other = origin.Fork(SeedModule.ofInt(99));
        var (ofFork, otherwise, ofOrigin) = Alternate(fork, other, origin, pass);
        Assert.Equal(expected, before.Concat(ofFork));
        Assert.Equal(expected, before.Concat(ofOrigin));
        Assert.NotEqual(expected, before.Concat(otherwise));
        Assert.Equal(Positions(expected), Positions(before.Concat(otherwise)));
    }

    [Theory(DisplayName = "Evidence run beforehand is shared by forks and changes no bit")]
    [MemberData(nameof(Kinds))]
    public void Prefills(string kind)
    {
        using var network = RandomNetwork.Create(Architecture);
        using var pass = network.NewPass();
        using var straight = new DecodeState(network, Decoder(kind, network));
        using var origin = new DecodeState(network, Decoder(kind, network));
        pass.Run([origin.AskPrefill()]);
        origin.TakePrefill();
        using var first = origin.Fork(null);
        using var second = origin.Fork(null);
        var asked = first.Request();

        Assert.True(asked.Content.Length <= asked.Predicting);
        Assert.True(asked.Sequence.Length > 0);
        Assert.Equal(Finish(straight, pass), Finish(first, pass));
        Assert.Equal(straight.Passes + 1, first.Passes);
        Assert.NotEmpty(Finish(second, pass));
    }

    [Fact(DisplayName = "A cancelled call changes nothing: the decode goes on afterwards")]
    public void Cancels()
    {
        using var network = new FakeNetwork(Architecture.Vocabulary, context: 256);
        using var pass = network.NewPass();
        using var straight = new DecodeState(network, Decoder("speculative", network));
        using var state = new DecodeState(network, Decoder("speculative", network));
        var first = DecodeLoop.Next(state, pass, CancellationToken.None)!;

        Assert.Throws<OperationCanceledException>(() => DecodeLoop.Next(state, pass, new(canceled: true)));
        Assert.Equal(Finish(straight, pass), first.Tokens.Concat(Finish(state, pass)));
    }
}

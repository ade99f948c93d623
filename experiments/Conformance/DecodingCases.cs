using System.Globalization;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;

namespace A3.Conformance;

using A3.Model;

/// <summary>Cases of <c>decode.safetensors</c>: greedy decodes by the authors' algorithms, token by token.</summary>
internal static class DecodingCases
{
    private const int Blank = 0;

    private static readonly Dictionary<string, Criterion> criteria = new()
    {
        ["confidence"] = Criterion.Confidence,
        ["entropy"] = Criterion.Entropy,
        ["margin"] = Criterion.Margin,
        ["leftmost"] = Criterion.Leftmost,
    };

    /// <summary>
    /// Compares each case: <c>groupwise.NAME</c> with cached decoding, <c>dynamic.CRITERION.stepS</c> with the authors'
    /// re-encoding.
    /// </summary>
    /// <exception cref="A3Exception">A case is of neither kind.</exception>
    public static IEnumerable<ConformanceCase> Run(
        ReferenceFile file,
        string backend,
        INetwork network,
        CancellationToken cancellation) =>
        file.Cases.Select(name => Case(file, name, backend, network, cancellation));

    private static ConformanceCase Case(
        ReferenceFile file,
        string name,
        string backend,
        INetwork network,
        CancellationToken cancellation)
    {
        var inputs = file.Rows($"{name}.input_ids");
        var expected = file.Rows($"{name}.output_ids").SelectMany(row => row).ToArray();
        var parts = name.Split('.');
        var outputs = parts switch
        {
            ["groupwise", _] => inputs.Zip(
                file.Rows($"{name}.group_ids"),
                (tokens, ranks) => Groupwise(network, tokens, ranks, cancellation)),
            ["dynamic", var criterion, var step] => inputs.Select(
                tokens => Dynamic(network, tokens, PolicyOf(name, criterion, step), cancellation)),
            _ => throw Unknown(name),
        };
        return ConformanceCase.Tokens($"{name} output_ids", backend, expected, [.. outputs.SelectMany(row => row)]);
    }

    /// <summary>Group 0 is given.</summary>
    private static int[] Groupwise(INetwork network, int[] tokens, int[] ranks, CancellationToken cancellation)
    {
        var partition = PartitionModule.ofRanks(ranks.Contains(0) ? 1 : 0, ranks);
        return Filled(tokens, GroupwiseDecoder.Decode(
            PartialSequence.ToDecode(network, tokens, partition), SamplingOptions.Greedy, SeedModule.ofInt(0), cancellation));
    }

    /// <summary>All that is not blank is given.</summary>
    private static int[] Dynamic(
        INetwork network,
        int[] tokens,
        Policy.Adaptive policy,
        CancellationToken cancellation)
    {
        int[] ranks = [.. tokens.Select(token => token == Blank ? 1 : 0)];
        var partition = PartitionModule.ofRanks(ranks.Contains(0) ? 1 : 0, ranks);
        return Filled(tokens, ReferenceDecoder.Decode(
            PartialSequence.ToDecode(network, tokens, partition), policy, SamplingOptions.Greedy, SeedModule.ofInt(0), cancellation));
    }

    private static int[] Filled(int[] tokens, IEnumerable<DecodingStep> steps)
    {
        int[] filled = [.. tokens];
        foreach (var token in steps.SelectMany(step => step.Tokens))
        {
            filled[token.Position] = token.Token;
        }

        return filled;
    }

    private static Policy.Adaptive PolicyOf(string name, string criterion, string step) =>
        criteria.TryGetValue(criterion, out var known)
        && step.StartsWith("step", StringComparison.Ordinal)
        && int.TryParse(step.AsSpan(4), CultureInfo.InvariantCulture, out var count)
        && count >= 1
            ? (Policy.Adaptive)Policy.NewAdaptive(known, Amount.NewConstant(count), null)
            : throw Unknown(name);

    private static A3Exception Unknown(string name) => new(
        $"case {name} is neither groupwise.NAME nor dynamic.CRITERION.stepS; "
        + $"criteria are {string.Join(", ", criteria.Keys)}.");
}

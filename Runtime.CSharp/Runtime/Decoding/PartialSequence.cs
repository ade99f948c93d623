using System.Collections.Immutable;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Tokens under a partition, checked against a network: evidence is given, targets are open or (for scoring) known.
/// </summary>
internal sealed class PartialSequence
{
    private PartialSequence(INetwork network, ImmutableArray<int> tokens, Partition partition)
    {
        Network = network;
        Tokens = tokens;
        Partition = partition;
    }

    public INetwork Network { get; }

    /// <summary>One per position; those at open positions mean nothing.</summary>
    public ImmutableArray<int> Tokens { get; }

    public Partition Partition { get; }

    public int FirstTarget => PartitionModule.evidenceGroups(Partition);

    public int GroupCount => PartitionModule.groupCount(Partition);

    public int Vocabulary => Network.Architecture.Vocabulary;

    /// <summary>The given tokens, with every target open.</summary>
    public CommittedTokens Start() => new(Tokens, position => !PartitionModule.isEvidence(position, Partition));

    /// <summary>The same with so many more leading groups given, whose tokens are known by now.</summary>
    public PartialSequence Given(int groups, CommittedTokens committed) =>
        new(Network, [.. Tokens.Select((token, position) => committed.IsCommitted(position) ? committed[position] : token)],
            PartitionModule.withEvidence(FirstTarget + groups, Partition));

    /// <summary>A sequence to fill: only evidence tokens are looked at.</summary>
    public static PartialSequence ToDecode(INetwork network, ReadOnlySpan<int> tokens, Partition partition) =>
        Create(network, tokens, partition, position => PartitionModule.isEvidence(position, partition));

    /// <summary>A sequence to score: every token is looked at.</summary>
    public static PartialSequence ToScore(INetwork network, ReadOnlySpan<int> tokens, Partition partition) =>
        Create(network, tokens, partition, _ => true);

    /// <exception cref="RequestException">
    /// There are no tokens, more than the context holds or as many as the partition has not, one is not of the vocabulary, or the network has no
    /// query stream.
    /// </exception>
    private static PartialSequence Create(INetwork network, ReadOnlySpan<int> tokens, Partition partition, Func<int, bool> isKnown)
    {
        network.RequireQueryStream();
        network.RequireFits(tokens.Length);

        if (tokens.IsEmpty)
        {
            throw new RequestException("No tokens; a sequence holds at least BOS.");
        }

        if (tokens.Length != PartitionModule.length(partition))
        {
            throw new RequestException(
                $"{tokens.Length} tokens, but the partition has {PartitionModule.length(partition)} positions; each "
                + "position has one token.");
        }

        for (var position = 0; position < tokens.Length; position++)
        {
            if (isKnown(position))
            {
                network.RequireToken(tokens[position], position);
            }
        }

        return new(network, [.. tokens], partition);
    }
}

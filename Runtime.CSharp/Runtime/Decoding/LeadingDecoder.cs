using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Commits the first target groups of a sequence as they are, then hands over to a decoder that takes them as given: the positions that given
/// text reaches into come first, whatever the policy. What they cached serves the other where it begins with the same rows.
/// </summary>
internal sealed class LeadingDecoder : IDecoder
{
    private readonly PartialSequence sequence;
    private readonly int groups;
    private readonly CommittedTokens committed;
    private readonly Func<PartialSequence, IDecoder> next;
    private readonly GroupwiseDecoder leading;
    private readonly List<ContentRow> ran;
    private IDecoder? rest;
    private int shared;

    /// <param name="sequence">What is filled.</param>
    /// <param name="groups">How many of its target groups come first; at least 1.</param>
    /// <param name="sampler">Draws these.</param>
    /// <param name="next">The decoder of the others.</param>
    public LeadingDecoder(PartialSequence sequence, int groups, Sampler sampler, Func<PartialSequence, IDecoder> next)
    {
        (this.sequence, this.groups, this.next, committed, ran) = (sequence, groups, next, sequence.Start(), []);
        leading = new(sequence, sampler, committed, sequence.FirstTarget + groups);
    }

    private LeadingDecoder(LeadingDecoder origin, Seed? seed)
    {
        (sequence, groups, next, committed) = (origin.sequence, origin.groups, origin.next, origin.committed.Copy());
        (leading, ran) = (origin.leading.Fork(seed, committed), [.. origin.ran]);
        (rest, shared) = (origin.rest?.Fork(seed), origin.shared);
    }

    public int Capacity => sequence.Tokens.Length;

    public bool IsDone => rest is not null && rest.IsDone;

    public PassRequest Request()
    {
        if (rest is null)
        {
            return leading.Request();
        }

        var request = rest.Request();
        return request with { Keep = request.Keep + shared, Content = request.Content[shared..] };
    }

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        if (rest is not null)
        {
            shared = 0;
            return rest.Commit(predictions);
        }

        ran.AddRange(leading.Request().Content);
        var commitment = leading.Commit(predictions);

        if (leading.IsDone)
        {
            rest = next(sequence.Given(groups, committed));
            shared = rest.IsDone ? 0 : Shared(rest.Request());
        }

        return commitment;
    }

    public IDecoder Fork(Seed? seed) => new LeadingDecoder(this, seed);

    /// <summary>Rows that have run already, all or none: what they see must be what they saw.</summary>
    private int Shared(PassRequest request)
    {
        var content = request.Content.AsSpan();
        var isBegun = request.Keep == 0 && content.Length >= ran.Count && content[..ran.Count].SequenceEqual(ran.ToArray());
        return isBegun && content[ran.Count..].ToArray().All(row => row.Rank > ran[^1].Rank) ? ran.Count : 0;
    }
}

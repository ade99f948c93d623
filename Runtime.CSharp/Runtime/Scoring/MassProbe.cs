using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Scoring;

using A3.Model;

/// <summary>log p of some tokens together at one position, given others: one pass.</summary>
/// <param name="content">What is given.</param>
/// <param name="query">The position, asked by the query stream; null for the position behind the last, by the content stream.</param>
/// <param name="tokens">The tokens.</param>
internal sealed class MassProbe(ContentRow[] content, QueryRow? query, TokenSet tokens) : IDecoder
{
    public int Capacity => Math.Max(1, content.Length);

    public bool IsDone => LogProbability is not null;

    /// <summary>When done.</summary>
    public double? LogProbability { get; private set; }

    public PassRequest Request() => query is { } asked ? new(0, content, [asked]) : new(0, content, [], Predicting: 1);

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        LogProbability = predictions.LogMass(0, tokens);
        return null;
    }

    public IDecoder Fork(Seed? seed) => new MassProbe(content, query, tokens) { LogProbability = LogProbability };
}

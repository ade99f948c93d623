using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace A3.Runtime;

using A3.Model;

/// <summary>One decode or scoring as a dialogue with the network: the rows it wants run, and what it makes of them.</summary>
/// <remarks>
/// A decoder never runs anything itself. So one loop serves all of them, alone or in batches, and stopping between passes, copying
/// and going on later need nothing of a decoder but its state. Not thread-safe.
/// </remarks>
internal interface IDecoder
{
    /// <summary>Content rows that its sequence must have room for.</summary>
    int Capacity { get; }

    /// <summary>Whether there is nothing left to ask.</summary>
    bool IsDone { get; }

    /// <summary>The rows of the next pass; the same until they were taken.</summary>
    PassRequest Ask();

    /// <summary>Goes on with the predictions of the pass asked for; null where no token was committed.</summary>
    Commitment? Take(PassPredictions predictions);

    /// <summary>A decoder of its own in the same state; with a seed, all that is drawn from here on is drawn by that one.</summary>
    IDecoder Fork(Seed? seed);
}

/// <summary>The rows of one pass of one sequence.</summary>
/// <param name="Keep">Rows of the cache that stay; those behind them are forgotten before the pass.</param>
/// <param name="Content">Rows to append.</param>
/// <param name="Queries">Rows to predict.</param>
/// <param name="Predicting">How many of the last content rows predict what follows them.</param>
internal sealed record PassRequest(int Keep, ContentRow[] Content, QueryRow[] Queries, int Predicting = 0);

/// <summary>What was committed after a pass.</summary>
/// <param name="Tokens">In the order that the decoder's steps have.</param>
/// <param name="Drafts">What became of drafts; null where there are none.</param>
internal sealed record Commitment(ImmutableArray<DecodedToken> Tokens, DraftCount? Drafts = null)
{
    /// <summary>The revision that drew the tokens, counted from 1; null where they fill open positions.</summary>
    public int? Sweep { get; init; }
}

/// <summary>The rows of a pass that belong to one sequence, numbered from 0.</summary>
internal readonly struct PassPredictions(IPredictions all, int first)
{
    /// <summary>[vocabulary], on the host, until the next pass.</summary>
    public ReadOnlySpan<float> Logits(int row) => all.Logits(first + row);

    /// <summary>log p of one token.</summary>
    public double LogProbability(int row, int token) => all.LogProbability(first + row, token);

    /// <summary>log p of known tokens, whose predictions are the rows from 0 on.</summary>
    public double[] Score(int[] tokens) => all.Score(first, tokens);

    /// <summary>Draws one token for each position; their predictions are the rows from 0 on.</summary>
    public ImmutableArray<DecodedToken> Draw(int[] positions, Sampler sampler) => Draw(Rows(positions), sampler);

    /// <summary>Draws one token for each row.</summary>
    public ImmutableArray<DecodedToken> Draw(PredictedRow[] rows, Sampler sampler)
    {
        var shift = first;
        return ImmutableCollectionsMarshal.AsImmutableArray(
            all.Draw(Array.ConvertAll(rows, row => row with { Row = shift + row.Row }), sampler));
    }

    /// <summary>What an adaptive policy goes by at each position; their predictions are the rows from 0 on.</summary>
    public Score[] Assess(int[] positions, Sampler sampler)
    {
        var shift = first;
        return all.Assess(Array.ConvertAll(Rows(positions), row => row with { Row = shift + row.Row }), sampler);
    }

    private static PredictedRow[] Rows(int[] positions) =>
        [.. positions.Select((position, row) => new PredictedRow(row, position))];
}

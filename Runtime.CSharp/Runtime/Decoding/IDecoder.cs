using System.Collections.Immutable;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

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
    PassRequest Request();

    /// <summary>Goes on with the predictions of the pass asked for; null where no token was committed.</summary>
    CommittedGroup? Commit(PassPredictions predictions);

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
internal sealed record CommittedGroup(ImmutableArray<DecodedToken> Tokens, DraftCount? Drafts = null)
{
    /// <summary>The revision that drew the tokens, counted from 1; null where they fill open positions.</summary>
    public int? Sweep { get; init; }
}

/// <summary>The rows of a pass that belong to one sequence, numbered from 0.</summary>
internal readonly struct PassPredictions(IPredictions all, int first)
{
    /// <summary>[vocabulary], on the host, until the next pass.</summary>
    public ReadOnlySpan<float> Logits(int row) => all.Logits(first + row);

    /// <summary>log p of a token among those that agree with what is given of it; null for all.</summary>
    public double LogProbability(int row, int token, TokenSet? agreeing = null) =>
        all.LogProbability(first + row, token) - (agreeing is null ? 0 : LogMass(row, agreeing));

    /// <summary>log p of some tokens together.</summary>
    public double LogMass(int row, TokenSet tokens) => all.LogMass(first + row, tokens);

    /// <summary>log p of known tokens, whose predictions are the rows from 0 on.</summary>
    public double[] Score(int[] tokens) => all.Score(first, tokens);

    /// <summary>
    /// Draws and commits a token for each position; their predictions are the rows from 0 on. What stands behind a token that ends the text
    /// is dropped.
    /// </summary>
    public ImmutableArray<DecodedToken> Draw(int[] positions, Sampler sampler, CommittedTokens committed) =>
        Draw(Rows(positions), sampler, committed);

    /// <summary>As the other, a token for each row; the tokens in the order of the rows.</summary>
    public ImmutableArray<DecodedToken> Draw(PredictedRow[] rows, Sampler sampler, CommittedTokens committed)
    {
        var asked = Constrain(rows, sampler, committed);
        var drawn = all.Draw(asked, sampler);

        if (rows.Length > 1 && sampler.Constraints is not null)
        {
            DrawBeside(asked, drawn, sampler, committed.Copy());
        }

        foreach (var token in drawn.OrderBy(token => token.Position).TakeWhile(token => token.Position < committed.Length))
        {
            committed.Commit(token.Position, token.Token, sampler.IsEnd(token.Token));
        }

        return [.. drawn.Where(token => token.Position < committed.Length)];
    }

    /// <summary>What an adaptive policy goes by at each position; their predictions are the rows from 0 on.</summary>
    public Score[] Assess(int[] positions, Sampler sampler, CommittedTokens committed) =>
        all.Assess(Constrain(Rows(positions), sampler, committed), sampler);

    /// <summary>Draws once more, by ascending position, where the tokens before it in the group change what may stand at a position.</summary>
    private void DrawBeside(PredictedRow[] asked, DecodedToken[] drawn, Sampler sampler, CommittedTokens trial)
    {
        foreach (var i in Enumerable.Range(0, asked.Length).OrderBy(i => asked[i].Position))
        {
            if (trial.HasEnded && asked[i].Position >= trial.Length)
            {
                return;
            }

            var beside = sampler.Constrain(asked[i], trial);

            if (!beside.Allowed!.SetEquals(asked[i].Allowed!))
            {
                drawn[i] = all.Draw([beside], sampler)[0];
            }

            trial.Commit(asked[i].Position, drawn[i].Token, sampler.IsEnd(drawn[i].Token));
        }
    }

    private static PredictedRow[] Rows(int[] positions) =>
        [.. positions.Select((position, row) => new PredictedRow(row, position))];

    private PredictedRow[] Constrain(PredictedRow[] rows, Sampler sampler, CommittedTokens committed)
    {
        var shift = first;
        return Array.ConvertAll(rows, row => sampler.Constrain(row with { Row = shift + row.Row }, committed));
    }
}

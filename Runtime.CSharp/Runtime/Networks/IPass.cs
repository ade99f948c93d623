using A3.Runtime.Sampling;

namespace A3.Runtime.Networks;

/// <summary>Runs forward passes, again and again with the same buffers; not thread-safe.</summary>
internal interface IPass : IDisposable
{
    /// <summary>
    /// One forward pass for one or several sequences of one network. A content row attends to every row of its sequence,
    /// cached or new, whose rank is at most its own; a query row to every row whose rank is below its own; a row with nothing to
    /// attend to gets attention output 0. New content rows are appended to their cache, query rows leave no trace.
    /// </summary>
    /// <returns>The predictions of the sequences, one after the other; valid until the next pass.</returns>
    /// <exception cref="ArgumentException">Names the row, its value and the rule.</exception>
    /// <exception cref="InvalidOperationException">Queries, but the network has no query stream.</exception>
    IPredictions Run(ReadOnlySpan<PassRows> batch);
}

/// <summary>What a pass predicts, where the network left it: only what is asked for comes to the host.</summary>
internal interface IPredictions
{
    /// <summary>[vocabulary], on the host.</summary>
    ReadOnlySpan<float> Logits(int row);

    /// <summary>log p of one token.</summary>
    double LogProbability(int row, int token);

    /// <summary>log p of some tokens together.</summary>
    double LogMass(int row, TokenSet tokens);

    /// <summary>log p of a known token for each of the rows from <paramref name="first"/> on.</summary>
    double[] Score(int first, int[] tokens);

    /// <summary>Draws a token for each row.</summary>
    DecodedToken[] Draw(PredictedRow[] rows, Sampler sampler);

    /// <summary>What an adaptive policy goes by, for each row.</summary>
    Model.Score[] Assess(PredictedRow[] rows, Sampler sampler);
}

using System.Collections.Immutable;

namespace A3;

/// <summary>One text under many random orders: a bound on its probability, and how far the orders disagree.</summary>
/// <remarks>
/// A model whose conditionals belonged to one joint distribution would give every order the same number; the spread shows how far
/// it is from that.
/// </remarks>
/// <param name="LogProbabilities">log p of the text under each order, in nats.</param>
/// <param name="Bytes">UTF-8 bytes of the scored text.</param>
public sealed record OrderReport(ImmutableArray<double> LogProbabilities, int Bytes)
{
    /// <summary>
    /// The importance-weighted bound log (1/K) sum exp(log p_k): log p of the text under the mixture of the K orders.
    /// </summary>
    public double Bound
    {
        get
        {
            var best = LogProbabilities.Max();
            return best + Math.Log(LogProbabilities.Average(log => Math.Exp(log - best)));
        }
    }

    /// <summary>The mean over orders of log p; never above <see cref="Bound"/>.</summary>
    public double Mean => LogProbabilities.Average();

    /// <summary>Standard deviation over orders, in nats; 0 for one order.</summary>
    public double Spread => Math.Sqrt(LogProbabilities.Average(log => (log - Mean) * (log - Mean)));
}

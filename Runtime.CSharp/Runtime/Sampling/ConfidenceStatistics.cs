using System.Runtime.CompilerServices;
using A3.Kernels.Rows;
using A3.Kernels.Simd;
using A3.Model;

namespace A3.Runtime.Sampling;


/// <summary>Reads what an adaptive policy goes by from a row of logits.</summary>
internal static unsafe class ConfidenceStatistics
{
    /// <summary>Confidence, entropy and margin of the model's distribution at an open position.</summary>
    public static Score Of(int position, ReadOnlySpan<float> logits)
    {
        var max = LogSoftmax.Max(logits);
        var whole = logits.Length / Exponential.Padding * Exponential.Padding;
        Span<float> rest = stackalloc float[Exponential.Padding];
        rest.Fill(float.NegativeInfinity);
        logits[whole..].CopyTo(rest);

        fixed (float* first = logits, last = rest)
        {
            var all = Registers.AreWide
                ? Walk<Registers.Wide>(first, whole, max).With(Walk<Registers.Wide>(last, rest.Length, max))
                : Walk<Registers.Plain>(first, whole, max).With(Walk<Registers.Plain>(last, rest.Length, max));
            return new(
                position, all.Best / all.Sum, Math.Log(all.Sum) - all.Energy / all.Sum, (all.Best - (double)all.Next) / all.Sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Weights Walk<T>(float* logits, int count, float max)
        where T : struct, IRegister<T>
    {
        var (low, high, lowEnergy, highEnergy) = (default(T), default(T), default(T), default(T));
        var (best, next) = (default(T), default(T));

        for (var token = 0; token < count; token += T.Count)
        {
            var distance = T.Load(logits + token) - T.All(max);
            var weight = Exponential.Of(distance);
            T.AddWide(weight, ref low, ref high);

            // A forbidden token has weight 0 and distance -infinity; their product has the limit 0.
            var finite = T.WhereBelow(distance, T.All(-100f), T.All(-100f), distance);
            T.AddWide(weight * finite, ref lowEnergy, ref highEnergy);

            var smaller = T.WhereBelow(best, weight, best, weight);
            next = T.WhereBelow(next, smaller, smaller, next);
            best = T.WhereBelow(best, weight, weight, best);
        }

        var lanes = stackalloc float[2 * T.Count];
        best.Store(lanes);
        next.Store(lanes + T.Count);
        var all = new Weights(0, 0, T.SumWide(low, high), T.SumWide(lowEnergy, highEnergy));
        for (var lane = 0; lane < 2 * T.Count; lane++)
        {
            all = all.With(new(lanes[lane], 0, 0, 0));
        }

        return all;
    }

    /// <summary>What some tokens weigh, by exp(logit - max).</summary>
    /// <param name="Best">The largest weight.</param>
    /// <param name="Next">The second largest.</param>
    /// <param name="Sum">Of all weights.</param>
    /// <param name="Energy">The sum of weights times distances, logit - max.</param>
    private readonly record struct Weights(float Best, float Next, double Sum, double Energy)
    {
        /// <summary>Both together.</summary>
        public Weights With(Weights other) => new(
            Math.Max(Best, other.Best),
            Math.Max(Math.Min(Best, other.Best), Math.Max(Next, other.Next)),
            Sum + other.Sum,
            Energy + other.Energy);
    }
}

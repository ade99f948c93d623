using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Runtime.Networks.Managed;

/// <summary>The operations of the network that work on one row, element by element.</summary>
internal static unsafe class RowMath
{
    /// <summary>What an attention weight of 1, the largest, is summed as.</summary>
    private const int WeightUnits = 1 << 30;

    /// <summary>Numbers of the registers that exponentials are computed in.</summary>
    public static int Padding => Registers.AreWide ? Registers.Wide.Count : Registers.Plain.Count;

    /// <summary>
    /// RMSNorm: target = source / sqrt(mean(source^2) + epsilon) * gain, all [width]; in place is allowed. NaN where the squares overflow.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Normalise(float* source, float* gain, int width, float epsilon, float* target)
    {
        var squares = Vector<float>.Zero;
        var i = 0;
        for (; i + Vector<float>.Count <= width; i += Vector<float>.Count)
        {
            var part = Vector.Load(source + i);
            squares = Vector.FusedMultiplyAdd(part, part, squares);
        }

        var sum = Vector.Sum(squares);
        for (; i < width; i++)
        {
            sum += source[i] * source[i];
        }

        // Of an infinite sum it would be 0, and the row lost without a trace.
        var scale = float.IsFinite(sum) ? 1f / MathF.Sqrt(sum / width + epsilon) : float.NaN;
        for (i = 0; i + Vector<float>.Count <= width; i += Vector<float>.Count)
        {
            (Vector.Load(source + i) * scale * Vector.Load(gain + i)).Store(target + i);
        }

        for (; i < width; i++)
        {
            target[i] = source[i] * scale * gain[i];
        }
    }

    /// <summary>Whether all numbers are finite.</summary>
    public static bool AreFinite(float* numbers, nint count)
    {
        // A finite number less itself is 0.
        var rest = Vector<float>.Zero;
        nint i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            var part = Vector.Load(numbers + i);
            rest += part - part;
        }

        var sum = Vector.Sum(rest);
        for (; i < count; i++)
        {
            sum += numbers[i] - numbers[i];
        }

        return sum == 0;
    }

    /// <summary>target = source * factor, both [width].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Scale(float* source, float factor, int width, float* target)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= width; i += Vector<float>.Count)
        {
            (Vector.Load(source + i) * factor).Store(target + i);
        }

        for (; i < width; i++)
        {
            target[i] = source[i] * factor;
        }
    }

    /// <summary>RoPE with half-rotation, in place: pairs (i, i + half) of a head [2 half] turn by the angle of pair i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rotate(float* head, float* cosines, float* sines, int half)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= half; i += Vector<float>.Count)
        {
            var (first, second) = (Vector.Load(head + i), Vector.Load(head + half + i));
            var (cosine, sine) = (Vector.Load(cosines + i), Vector.Load(sines + i));
            (first * cosine - second * sine).Store(head + i);
            (second * cosine + first * sine).Store(head + half + i);
        }

        for (; i < half; i++)
        {
            var (first, second) = (head[i], head[half + i]);
            head[i] = first * cosines[i] - second * sines[i];
            head[half + i] = second * cosines[i] + first * sines[i];
        }
    }

    /// <summary>
    /// SwiGLU: target = gate / (1 + exp(-gate)) * up; gate and up are [rows, columns] without gaps, columns in whole <see cref="Padding"/>,
    /// and the rows of the target lie the given stride apart.
    /// </summary>
    public static void SwiGlu(float* gate, float* up, int rows, int columns, float* target, nint targetStride)
    {
        if (Registers.AreWide)
        {
            SwiGlu<Registers.Wide>(gate, up, rows, columns, target, targetStride);
        }
        else
        {
            SwiGlu<Registers.Plain>(gate, up, rows, columns, target, targetStride);
        }
    }

    /// <summary>
    /// Turns scores into unnormalised attention weights, exp(scale (score - largest)), and returns the inverse of their sum, or
    /// 0 where no key is visible. Keys of a rank above <paramref name="limit"/> get weight 0.
    /// </summary>
    /// <remarks>
    /// Weights are summed as whole numbers of 2^-30, which no order and no hidden key in between can change (law 12), lane by
    /// lane: one float after the other would take longer than all the rest.
    /// </remarks>
    /// <param name="scores">[keys], with room for whole <see cref="Padding"/>, rewritten.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="ranks">[keys], with as much room, or null where every key is visible.</param>
    /// <param name="limit">The highest visible rank.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Soften(float* scores, int keys, int* ranks, int limit, float scale)
    {
        var hidden = Vector.Create(float.NegativeInfinity);
        var padded = (keys + Padding - 1) / Padding * Padding;
        for (var i = keys; i < padded; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        var limits = Vector.Create(limit);
        var largest = hidden;
        for (var i = 0; i < padded; i += Vector<float>.Count)
        {
            var score = Vector.Load(scores + i);
            if (ranks != null)
            {
                score = Vector.ConditionalSelect(Vector.GreaterThan(Vector.Load(ranks + i), limits), hidden, score);
                score.Store(scores + i);
            }

            largest = Vector.Max(largest, score);
        }

        var top = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            top = MathF.Max(top, largest[lane]);
        }

        // With nothing visible, minus infinity less itself would be NaN; where something is, its score has overflowed.
        var shift = float.IsNegativeInfinity(top) && !SeesAny(keys, ranks, limit) ? 0f : top;
        var sum = Registers.AreWide ? Weigh<Registers.Wide>(scores, padded, shift, scale) : Weigh<Registers.Plain>(scores, padded, shift, scale);
        return sum > 0 ? (float)(WeightUnits / (double)sum) : 0f;
    }

    /// <summary>exp to 2 units in the last place (Cephes); exactly 0 below -87.3 and clamped above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, IRegister<T>
    {
        // Adding 1.5 * 2^23 leaves the rounded exponent in the low bits of the sum.
        var magic = T.All(12582912f);
        var low = T.All(-87.3f);
        var clamped = T.Min(T.WhereBelow(x, low, low, x), T.All(88f));
        var shifted = T.FusedMultiplyAdd(clamped, T.All(1.44269504f), magic);
        var exponent = shifted - magic;
        var rest = T.FusedMultiplyAdd(exponent, T.All(-0.693359375f), clamped);
        rest = T.FusedMultiplyAdd(exponent, T.All(2.12194440e-4f), rest);

        var series = T.All(1.9875691500e-4f);
        series = T.FusedMultiplyAdd(series, rest, T.All(1.3981999507e-3f));
        series = T.FusedMultiplyAdd(series, rest, T.All(8.3334519073e-3f));
        series = T.FusedMultiplyAdd(series, rest, T.All(4.1665795894e-2f));
        series = T.FusedMultiplyAdd(series, rest, T.All(1.6666665459e-1f));
        series = T.FusedMultiplyAdd(series, rest, T.All(5.0000001201e-1f));
        series = T.FusedMultiplyAdd(series, rest * rest, rest + T.All(1f));
        return T.WhereBelow(x, low, default, series * T.PowerOfTwo(shifted));
    }

    private static bool SeesAny(int keys, int* ranks, int limit) =>
        ranks == null ? keys > 0 : new ReadOnlySpan<int>(ranks, keys).ContainsAnyInRange(int.MinValue, limit);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SwiGlu<T>(float* gate, float* up, int rows, int columns, float* target, nint targetStride)
        where T : struct, IRegister<T>
    {
        for (var row = 0; row < rows; row++, gate += columns, up += columns, target += targetStride)
        {
            for (var i = 0; i < columns; i += T.Count)
            {
                var value = T.Load(gate + i);
                (value / (T.All(1f) + Exp(-value)) * T.Load(up + i)).Store(target + i);
            }
        }
    }

    /// <summary>Scores to weights, exp(scale (score - largest)), and their sum in whole units.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long Weigh<T>(float* scores, int padded, float largest, float scale)
        where T : struct, IRegister<T>
    {
        var sums = default(T);
        for (var i = 0; i < padded; i += T.Count)
        {
            var weights = Exp((T.Load(scores + i) - T.All(largest)) * T.All(scale));
            weights.Store(scores + i);
            T.AddWhole(weights * T.All(WeightUnits), ref sums);
        }

        return T.SumWhole(sums);
    }
}

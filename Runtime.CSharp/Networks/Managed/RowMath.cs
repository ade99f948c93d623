using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Runtime;

/// <summary>The operations of the network that work on one row, element by element.</summary>
internal static unsafe class RowMath
{
    /// <summary>What an attention weight of 1, the largest, is summed as.</summary>
    private const int WeightUnits = 1 << 30;

    /// <summary>RMSNorm: target = source / sqrt(mean(source^2) + epsilon) * gain, all [width]; in place is allowed.</summary>
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

        var scale = 1f / MathF.Sqrt(sum / width + epsilon);
        for (i = 0; i + Vector<float>.Count <= width; i += Vector<float>.Count)
        {
            (Vector.Load(source + i) * scale * Vector.Load(gain + i)).Store(target + i);
        }

        for (; i < width; i++)
        {
            target[i] = source[i] * scale * gain[i];
        }
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
    /// SwiGLU: target = gate / (1 + exp(-gate)) * up; gate and up are [rows, columns] without gaps, columns in whole vectors,
    /// and the rows of the target lie the given stride apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void SwiGlu(float* gate, float* up, int rows, int columns, float* target, nint targetStride)
    {
        for (var row = 0; row < rows; row++, gate += columns, up += columns, target += targetStride)
        {
            for (var i = 0; i < columns; i += Vector<float>.Count)
            {
                var value = Vector.Load(gate + i);
                (value / (Vector<float>.One + Exp(-value)) * Vector.Load(up + i)).Store(target + i);
            }
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
    /// <param name="scores">[keys], padded to whole vectors, rewritten.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="ranks">[keys], padded to whole vectors, or null where every key is visible.</param>
    /// <param name="limit">The highest visible rank.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Soften(float* scores, int keys, int* ranks, int limit, float scale)
    {
        var hidden = Vector.Create(float.NegativeInfinity);
        var padded = (keys + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
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

        // With nothing visible, minus infinity less itself would be NaN.
        var shift = Vector.Create(float.IsNegativeInfinity(top) ? 0f : top);
        var units = Vector.Create((float)WeightUnits);
        var sums = Vector<long>.Zero;
        for (var i = 0; i < padded; i += Vector<float>.Count)
        {
            var weights = Exp((Vector.Load(scores + i) - shift) * scale);
            weights.Store(scores + i);
            Vector.Widen(Vector.ConvertToInt32Native(weights * units), out var low, out var high);
            sums += low + high;
        }

        var sum = Vector.Sum(sums);
        return sum > 0 ? (float)(WeightUnits / (double)sum) : 0f;
    }

    /// <summary>exp to 2 units in the last place (Cephes); exactly 0 below -87.3 and clamped above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        // Adding 1.5 * 2^23 leaves the rounded exponent in the low bits of the sum.
        var magic = Vector.Create(12582912f);
        var low = Vector.Create(-87.3f);
        // Not Vector.Max, which spends three instructions on NaN; a comparison hands it on as well.
        var isLow = Vector.LessThan(x, low);
        var clamped = Vector.Min(Vector.ConditionalSelect(isLow, low, x), Vector.Create(88f));
        var shifted = Vector.FusedMultiplyAdd(clamped, Vector.Create(1.44269504f), magic);
        var exponent = shifted - magic;
        var rest = Vector.FusedMultiplyAdd(exponent, Vector.Create(-0.693359375f), clamped);
        rest = Vector.FusedMultiplyAdd(exponent, Vector.Create(2.12194440e-4f), rest);

        var series = Vector.Create(1.9875691500e-4f);
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1.3981999507e-3f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(8.3334519073e-3f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(4.1665795894e-2f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1.6666665459e-1f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(5.0000001201e-1f));
        series = Vector.FusedMultiplyAdd(series, rest * rest, rest + Vector<float>.One);

        var power = Vector.AsVectorSingle(
            Vector.ShiftLeft(Vector.AsVectorInt32(shifted), 23) + Vector.Create(0x3f800000));
        return Vector.ConditionalSelect(isLow, Vector<float>.Zero, series * power);
    }
}

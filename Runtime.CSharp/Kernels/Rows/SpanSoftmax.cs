using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Kernels.Rows;

/// <summary>Softmax of scores within an interval of keys, and its gradient.</summary>
internal static unsafe class SpanSoftmax
{
    private const float LogOfTwo = 0.693147180559945f, PerLogOfTwo = 1.44269504088896f;

    /// <summary>The largest of the scores within the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Largest(float* scores, Interval span)
    {
        var least = Vector.Create(float.NegativeInfinity);
        var largest = least;
        for (var index = span.Start / Vector<float>.Count * Vector<float>.Count; index < span.End; index += Vector<float>.Count)
        {
            largest = Vector.MaxNative(largest, Within(span, index, Vector.Load(scores + index), least));
        }

        var most = largest[0];
        for (var lane = 1; lane < Vector<float>.Count; lane++)
        {
            most = MathF.Max(most, largest[lane]);
        }

        return most;
    }

    /// <summary>
    /// The scores of a tile, whole registers, become e^(score - shift) within the span and 0 outside; returns their sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Exponentials(float* scores, Interval tile, Interval span, float shift)
    {
        var sum = Vector<float>.Zero;
        for (var index = tile.Start; index < tile.End; index += Vector<float>.Count)
        {
            var terms = Within(span, index, Exponential(Vector.Load(scores + index) - Vector.Create(shift)), Vector<float>.Zero);
            terms.Store(scores + index);
            sum += terms;
        }

        return Vector.Sum(sum);
    }

    /// <summary>
    /// The softmax gradient of a tile: of probabilities p and the gradient g towards them, that towards the scores, p (g - sum p g), in place
    /// of g.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(float* probabilities, float* gradient, Interval tile)
    {
        var sum = Vector<float>.Zero;
        for (var index = tile.Start; index < tile.End; index += Vector<float>.Count)
        {
            sum = Vector.FusedMultiplyAdd(Vector.Load(probabilities + index), Vector.Load(gradient + index), sum);
        }

        var mean = Vector.Create(Vector.Sum(sum));
        for (var index = tile.Start; index < tile.End; index += Vector<float>.Count)
        {
            (Vector.Load(probabilities + index) * (Vector.Load(gradient + index) - mean)).Store(gradient + index);
        }
    }

    /// <summary>e^x of x that are 0 at most, good to some 1e-7; where a float32 does not hold it, next to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exponential(Vector<float> x)
    {
        var power = Vector.MaxNative(Vector.Create(-126f), x * Vector.Create(PerLogOfTwo));
        var whole = Vector.Round(power);
        var rest = (power - whole) * Vector.Create(LogOfTwo);
        var series = Vector.FusedMultiplyAdd(rest, Vector.Create(1f / 5040f), Vector.Create(1f / 720f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1f / 120f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1f / 24f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1f / 6f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(0.5f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1f));
        series = Vector.FusedMultiplyAdd(series, rest, Vector.Create(1f));
        var exponent = Vector.ConvertToInt32Native(whole) + Vector.Create(127);
        return series * Vector.AsVectorSingle(Vector.ShiftLeft(exponent, 23));
    }

    /// <summary>The numbers that lie within the span, of those at an index and behind it; others elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Within(Interval span, int index, Vector<float> numbers, Vector<float> others)
    {
        var indices = Vector.Create(index) + Vector<int>.Indices;
        var within = Vector.GreaterThanOrEqual(indices, Vector.Create(span.Start))
            & Vector.LessThan(indices, Vector.Create(span.End));
        return Vector.ConditionalSelect(Vector.AsVectorSingle(within), numbers, others);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using A3.Kernels.Products;

namespace A3.Kernels.Rows;

/// <summary>Rows copied, scaled or as columns, and checked.</summary>
internal static unsafe class RowMath
{
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

    /// <summary>Four rows <paramref name="stride"/> apart, of <paramref name="width"/> numbers and up to three more, as columns of a panel [width, <see cref="TileKernel.Columns"/>].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void TransposeFour(float* source, nint stride, float* panel, int width)
    {
        const int Columns = TileKernel.Columns;
        nint index = 0;
        for (; Sse.IsSupported && index < width; index += 4)
        {
            var (first, second) = (Vector128.Load(source + index), Vector128.Load(source + stride + index));
            var (third, fourth) = (Vector128.Load(source + 2 * stride + index), Vector128.Load(source + 3 * stride + index));
            var (low, otherLow) = (Sse.UnpackLow(first, second), Sse.UnpackLow(third, fourth));
            var (high, otherHigh) = (Sse.UnpackHigh(first, second), Sse.UnpackHigh(third, fourth));
            Sse.MoveLowToHigh(low, otherLow).Store(panel + index * Columns);
            Sse.MoveHighToLow(otherLow, low).Store(panel + (index + 1) * Columns);
            Sse.MoveLowToHigh(high, otherHigh).Store(panel + (index + 2) * Columns);
            Sse.MoveHighToLow(otherHigh, high).Store(panel + (index + 3) * Columns);
        }

        for (; index < width; index++)
        {
            for (var row = 0; row < 4; row++)
            {
                panel[index * Columns + row] = source[row * stride + index];
            }
        }
    }
}

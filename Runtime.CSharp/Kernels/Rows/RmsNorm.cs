using System.Numerics;
using System.Runtime.CompilerServices;
using A3.Kernels.Threads;

namespace A3.Kernels.Rows;

/// <summary>RMSNorm of rows (Zhang and Sennrich 2019, arXiv 1910.07467): x / sqrt (mean of squares + epsilon), each number times its scale.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>Rows that a worker takes at a time; gradients of scales add up over these first, whatever the number of threads.</summary>
    private const int BlockRows = 128;

    /// <summary>Multiply-adds that a number is worth: the rows come from memory.</summary>
    private const long NumberCost = 16;

    /// <summary>How many blocks so many rows are.</summary>
    public static int Blocks(int rows) => (rows + BlockRows - 1) / BlockRows;

    /// <summary>The rows normalised, and the factor of each.</summary>
    /// <param name="rows">[count, width].</param>
    /// <param name="scales">[width].</param>
    /// <param name="count">Of rows.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    /// <param name="normalised">[count, width], written.</param>
    /// <param name="factors">[count], written: what <see cref="Backward"/> needs.</param>
    /// <param name="parallel">Shares the rows.</param>
    public static void Forward(
        float* rows, float* scales, int count, int width, float epsilon, float* normalised, float* factors, IParallelFor parallel) =>
        parallel.Run(Blocks(count), BlockRows * NumberCost * width, (_, start, end) =>
        {
            for (nint row = start * BlockRows; row < Math.Min(count, end * BlockRows); row++)
            {
                var source = rows + row * width;
                factors[row] = Factor(source, width, epsilon);
                Apply(source, scales, width, factors[row], normalised + row * width);
            }
        });

    /// <summary>
    /// target = source / sqrt (mean of squares + epsilon) * scales, all [width]; in place is allowed. NaN where the squares overflow.
    /// </summary>
    public static void Normalise(float* source, float* scales, int width, float epsilon, float* target) =>
        Apply(source, scales, width, Factor(source, width, epsilon), target);

    /// <summary>The gradients towards rows and scales, from that towards the rows normalised.</summary>
    /// <param name="rows">[count, width].</param>
    /// <param name="scales">[width].</param>
    /// <param name="factors">[count].</param>
    /// <param name="gradient">[count, width], of the rows normalised.</param>
    /// <param name="count">Of rows.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="toRows">[count, width], written.</param>
    /// <param name="toScales">[blocks, width], added to; the gradient is their sum.</param>
    /// <param name="parallel">Shares the rows.</param>
    public static void Backward(
        float* rows,
        float* scales,
        float* factors,
        float* gradient,
        int count,
        int width,
        float* toRows,
        float* toScales,
        IParallelFor parallel) =>
        parallel.Run(Blocks(count), BlockRows * NumberCost * width, (_, start, end) =>
        {
            for (nint row = start * BlockRows; row < Math.Min(count, end * BlockRows); row++)
            {
                var place = row * width;
                var sums = toScales + row / BlockRows * width;
                BackwardRow(rows + place, scales, gradient + place, toRows + place, sums, width, factors[row]);
            }
        });

    /// <summary>What a row is multiplied by.</summary>
    private static float Factor(float* row, int width, float epsilon)
    {
        // Of an infinite sum it would be 0, and the row lost without a trace.
        var sum = SumOfSquares(row, width);
        return float.IsFinite(sum) ? 1f / MathF.Sqrt(sum / width + epsilon) : float.NaN;
    }

    /// <summary>The sum of the squares of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float SumOfSquares(float* row, int width)
    {
        var sums = Vector<float>.Zero;
        var index = 0;
        for (; index + Vector<float>.Count <= width; index += Vector<float>.Count)
        {
            var numbers = Vector.Load(row + index);
            sums = Vector.FusedMultiplyAdd(numbers, numbers, sums);
        }

        var sum = Vector.Sum(sums);
        for (; index < width; index++)
        {
            sum += row[index] * row[index];
        }

        return sum;
    }

    /// <summary>A row times a factor, each of its numbers times its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Apply(float* row, float* scales, int width, float factor, float* target)
    {
        var index = 0;
        for (; index + Vector<float>.Count <= width; index += Vector<float>.Count)
        {
            (Vector.Load(row + index) * Vector.Create(factor) * Vector.Load(scales + index)).Store(target + index);
        }

        for (; index < width; index++)
        {
            target[index] = row[index] * factor * scales[index];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void BackwardRow(float* row, float* scales, float* gradient, float* toRow, float* toScales, int width, float factor)
    {
        var factors = Vector.Create(factor);
        var sums = Vector<float>.Zero;
        var index = 0;
        for (; index + Vector<float>.Count <= width; index += Vector<float>.Count)
        {
            var across = Vector.Load(gradient + index) * Vector.Load(row + index);
            sums = Vector.FusedMultiplyAdd(across, Vector.Load(scales + index), sums);
            Vector.FusedMultiplyAdd(across, factors, Vector.Load(toScales + index)).Store(toScales + index);
        }

        var sum = Vector.Sum(sums);
        for (; index < width; index++)
        {
            var across = gradient[index] * row[index];
            sum += across * scales[index];
            toScales[index] += across * factor;
        }

        var shrink = -factor * factor * factor * sum / width;
        index = 0;
        for (; index + Vector<float>.Count <= width; index += Vector<float>.Count)
        {
            Vector.FusedMultiplyAdd(
                Vector.Load(gradient + index) * Vector.Load(scales + index),
                factors,
                Vector.Load(row + index) * Vector.Create(shrink)).Store(toRow + index);
        }

        for (; index < width; index++)
        {
            toRow[index] = gradient[index] * scales[index] * factor + row[index] * shrink;
        }
    }
}

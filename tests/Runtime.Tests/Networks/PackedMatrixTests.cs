using Xunit;

namespace A3.Runtime.Tests;

public sealed unsafe class PackedMatrixTests
{
    [Fact(DisplayName = "Products of 1 to 20 rows and 1 to 70 outputs agree with double-precision dots, bit for bit whatever the rows")]
    public void AgreesWithDots()
    {
        var random = new Random(8);
        foreach (var inputs in new[] { 1, 3, 32, 61, 520 })
        {
            foreach (var outputs in Enumerable.Range(1, 70))
            {
                var weights = Numbers(random, outputs * inputs);
                var x = Numbers(random, 20 * inputs);
                var matrix = new PackedMatrix(outputs, inputs, new MemoryArena(0));
                matrix.Fill(0, weights);
                var all = Multiply(matrix, x, 20, []);

                foreach (var rows in Enumerable.Range(1, 20))
                {
                    Assert.Equal(all[..(rows * outputs)], Multiply(matrix, x, rows, []));
                }

                for (var i = 0; i < all.Length; i++)
                {
                    var dot = Dot(x.AsSpan(i / outputs * inputs, inputs), weights.AsSpan(i % outputs * inputs, inputs));
                    Assert.InRange(Math.Abs(all[i] - dot), 0, 1e-5 * Math.Sqrt(inputs));
                }
            }
        }
    }

    [Fact(DisplayName = "Weights that are read from memory give the bits that weights in a cache give")]
    public void WhereWeightsLieChangesNoBit()
    {
        const int Inputs = 60, Outputs = 70;
        var random = new Random(11);
        var (weights, x) = (Numbers(random, Outputs * Inputs), Numbers(random, 20 * Inputs));
        var (few, many) = (new MemoryArena(Outputs * Inputs), new MemoryArena(1 << 23));
        Assert.False(few.IsReadFromMemory);
        Assert.True(many.IsReadFromMemory);
        var (cached, streamed) = (new PackedMatrix(Outputs, Inputs, few), new PackedMatrix(Outputs, Inputs, many));
        cached.Fill(0, weights);
        streamed.Fill(0, weights);

        foreach (var rows in Enumerable.Range(1, 20))
        {
            Assert.Equal(Multiply(cached, x, rows, []), Multiply(streamed, x, rows, []));
        }
    }

    [Theory(DisplayName = "Accumulating adds to what is there, and touches nothing beside it")]
    [InlineData(5, 3)]
    [InlineData(32, 70)]
    [InlineData(600, 33)]
    public void Accumulates(int inputs, int outputs)
    {
        var random = new Random(9);
        var weights = Numbers(random, outputs * inputs);
        var x = Numbers(random, 7 * inputs);
        var start = Numbers(random, 7 * outputs);
        var matrix = new PackedMatrix(outputs, inputs, new MemoryArena(0));
        matrix.Fill(0, weights);
        var sum = Multiply(matrix, x, 7, start);
        var product = Multiply(matrix, x, 7, []);

        for (var i = 0; i < sum.Length; i++)
        {
            Assert.InRange(Math.Abs(sum[i] - start[i] - product[i]), 0, 1e-4);
        }
    }

    [Fact(DisplayName = "Stacked matrices give back each output's weights")]
    public void CopiesOutputs()
    {
        var random = new Random(10);
        var (first, second) = (Numbers(random, 37 * 11), Numbers(random, 40 * 11));
        var matrix = new PackedMatrix(77, 11, new MemoryArena(0));
        matrix.Fill(0, first);
        matrix.Fill(37, second);
        float[] rows = [.. first, .. second];
        var copy = stackalloc float[11];

        for (var output = 0; output < 77; output++)
        {
            matrix.CopyOutput(output, copy);
            Assert.Equal(rows.AsSpan(output * 11, 11).ToArray(), new Span<float>(copy, 11).ToArray());
        }
    }

    private static float[] Multiply(PackedMatrix matrix, float[] x, int rows, float[] start)
    {
        const float Untouched = 77f;
        var stride = matrix.Outputs + 3;
        var y = new float[rows * stride];
        Array.Fill(y, Untouched);
        for (var row = 0; row < rows && start.Length > 0; row++)
        {
            start.AsSpan(row * matrix.Outputs, matrix.Outputs).CopyTo(y.AsSpan(row * stride));
        }

        fixed (float* source = x, target = y)
        {
            matrix.Multiply(source, matrix.Inputs, rows, 0, matrix.Panels, target, stride, start.Length > 0);
        }

        Assert.All(y.Chunk(stride), row => Assert.All(row[matrix.Outputs..], beside => Assert.Equal(Untouched, beside)));
        return [.. y.Chunk(stride).SelectMany(row => row[..matrix.Outputs])];
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }

    private static float[] Numbers(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
}

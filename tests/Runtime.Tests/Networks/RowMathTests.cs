using System.Runtime.Intrinsics;
using Xunit;

namespace A3.Runtime.Tests;

public sealed unsafe class RowMathTests
{
    [Fact(DisplayName = "The vector exponential is within 2 units in the last place from -87 to 88, 0 below and finite above")]
    public void ExponentialIsExact()
    {
        for (var x = -87f; x <= 88f; x += 0.0137f)
        {
            var expected = Math.Exp(x);
            Assert.InRange(Math.Abs(Exp(x) - expected) / expected, 0, 2.4e-7);
        }

        Assert.Equal(0f, Exp(-88f));
        Assert.Equal(0f, Exp(float.NegativeInfinity));
        Assert.True(float.IsFinite(Exp(1000f)));
        Assert.Equal(1f, Exp(0f));
    }

    [Fact(DisplayName = "A head that is rotated and rotated back is itself, whatever its width")]
    public void RotatesBack()
    {
        var random = new Random(5);
        var head = stackalloc float[66];
        var rotated = stackalloc float[66];
        var cosines = stackalloc float[33];
        var sines = stackalloc float[33];
        foreach (var half in new[] { 1, 3, 8, 24, 33 })
        {
            for (var i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(random.NextDouble() * 6);
                (cosines[i], sines[i]) = ((float)cosine, (float)sine);
                (head[i], head[half + i]) = (random.NextSingle() - 0.5f, random.NextSingle() - 0.5f);
            }

            RotaryEmbedding.Rotate(head, cosines, sines, half, rotated, factor: 2);
            Assert.Equal(2 * ((head[0] * cosines[0]) - (head[half] * sines[0])), rotated[0], 1e-6f);
            RotaryEmbedding.Rotate(rotated, cosines, sines, half, rotated, factor: 0.5f, inverse: true);
            for (var i = 0; i < 2 * half; i++)
            {
                Assert.Equal(head[i], rotated[i], 1e-6f);
            }
        }
    }

    [Fact(DisplayName = "Hidden keys between visible ones change no bit of the softmax, and get weight 0")]
    public void HiddenKeys()
    {
        var random = new Random(11);
        var padded = 10 * Exponential.Padding;

        var scores = stackalloc float[padded];
        var ranks = stackalloc int[padded];
        var visible = stackalloc float[padded];

        for (var keys = 1; keys <= padded - Exponential.Padding; keys++)
        {
            var count = 0;
            for (var i = 0; i < keys; i++)
            {
                scores[i] = random.NextSingle() * 20 - 10;
                ranks[i] = random.Next(3);
                if (ranks[i] <= 1)
                {
                    visible[count++] = scores[i];
                }
            }

            var expected = Softmax.AttentionWeights(visible, count, null, 0, 0.3f);
            Assert.Equal(expected, Softmax.AttentionWeights(scores, keys, ranks, 1, 0.3f));
            for (int i = 0, next = 0; i < keys; i++)
            {
                Assert.Equal(ranks[i] <= 1 ? visible[next++] : 0f, scores[i]);
            }
        }
    }

    [Fact(DisplayName = "Attention weights sum to 1 for up to 3000 keys, and no order of the keys changes a bit of the sum")]
    public void SoftenSumsExactly()
    {
        var random = new Random(4);
        var scores = stackalloc float[3072];

        foreach (var keys in new[] { 1, 7, 64, 333, 3000 })
        {
            float[] given = [.. Enumerable.Range(0, keys).Select(_ => random.NextSingle() * 30 - 15)];
            given.CopyTo(new Span<float>(scores, keys));
            var inverse = Softmax.AttentionWeights(scores, keys, null, 0, 0.3f);
            Assert.InRange(new Span<float>(scores, keys).ToArray().Sum(weight => (double)weight) * inverse, 1 - 1e-6, 1 + 1e-6);

            random.Shuffle(given);
            given.CopyTo(new Span<float>(scores, keys));
            Assert.Equal(inverse, Softmax.AttentionWeights(scores, keys, null, 0, 0.3f));
        }
    }

    /// <summary>Of every kind of register the same bits, in every lane.</summary>
    private static float Exp(float x)
    {
        var numbers = stackalloc float[2 * Vector512<float>.Count];
        Exponential.Of(Registers.Plain.All(x)).Store(numbers);
        Exponential.Of(Registers.Wide.All(x)).Store(numbers + Vector512<float>.Count);
        foreach (var number in new Span<float>(numbers + Vector512<float>.Count, Registers.Wide.Count))
        {
            Assert.Equal(numbers[0], number);
        }

        return numbers[0];
    }
}

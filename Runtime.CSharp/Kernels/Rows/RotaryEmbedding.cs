using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Kernels;

/// <summary>RoPE with half-rotation, as Hugging Face stores LLaMA: numbers i and i + half of a head rotate together.</summary>
internal static unsafe class RotaryEmbedding
{
    /// <summary>
    /// A head of <paramref name="width"/> numbers rotated, times a factor: number i becomes cosine_i x_i + sine_i x_(i + half), counted modulo
    /// the width, so that the first half of the sines is negative.
    /// </summary>
    /// <param name="source">[width].</param>
    /// <param name="cosines">[width].</param>
    /// <param name="sines">[width].</param>
    /// <param name="target">[width], elsewhere.</param>
    /// <param name="width">Even.</param>
    /// <param name="factor">What all numbers are multiplied by.</param>
    /// <param name="inverse">Rotates back: the gradient towards the head, from that towards the rotated one.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rotate(float* source, float* cosines, float* sines, float* target, int width, float factor, bool inverse)
    {
        var half = width / 2;
        for (var part = 0; part < 2; part++)
        {
            var (start, other) = (part * half, (1 - part) * half);
            float* own = source + start, across = source + other, to = target + start;
            float* cosine = cosines + start, sine = sines + (inverse ? other : start);
            var index = 0;
            for (; index + Vector<float>.Count <= half; index += Vector<float>.Count)
            {
                (Vector.FusedMultiplyAdd(
                    Vector.Load(across + index),
                    Vector.Load(sine + index),
                    Vector.Load(own + index) * Vector.Load(cosine + index)) * Vector.Create(factor)).Store(to + index);
            }

            for (; index < half; index++)
            {
                to[index] = (own[index] * cosine[index] + across[index] * sine[index]) * factor;
            }
        }
    }
}

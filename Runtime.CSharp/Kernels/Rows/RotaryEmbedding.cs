using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Kernels.Rows;

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
}

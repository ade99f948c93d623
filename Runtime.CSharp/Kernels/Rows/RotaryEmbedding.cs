using System.Numerics;
using System.Runtime.CompilerServices;

namespace A3.Kernels.Rows;

/// <summary>RoPE with half-rotation, as Hugging Face stores LLaMA: numbers i and i + half of a head rotate by the angle of pair i.</summary>
internal static unsafe class RotaryEmbedding
{
    /// <summary>A head rotated, times a factor; in place is allowed.</summary>
    /// <param name="source">[2 half].</param>
    /// <param name="cosines">[half].</param>
    /// <param name="sines">[half].</param>
    /// <param name="half">Half the width of a head.</param>
    /// <param name="target">[2 half].</param>
    /// <param name="factor">What all numbers are multiplied by.</param>
    /// <param name="inverse">Rotates back: the gradient towards the head, from that towards the rotated one.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rotate(
        float* source, float* cosines, float* sines, int half, float* target, float factor = 1, bool inverse = false)
    {
        var sign = inverse ? -1f : 1f;
        var i = 0;
        for (; i + Vector<float>.Count <= half; i += Vector<float>.Count)
        {
            var (first, second) = (Vector.Load(source + i), Vector.Load(source + half + i));
            var (cosine, sine) = (Vector.Load(cosines + i), Vector.Load(sines + i) * sign);
            ((first * cosine - second * sine) * factor).Store(target + i);
            ((second * cosine + first * sine) * factor).Store(target + half + i);
        }

        for (; i < half; i++)
        {
            var (first, second, cosine, sine) = (source[i], source[half + i], cosines[i], sines[i] * sign);
            target[i] = (first * cosine - second * sine) * factor;
            target[half + i] = (second * cosine + first * sine) * factor;
        }
    }
}

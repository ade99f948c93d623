using System.Numerics;
using System.Runtime.InteropServices;

namespace A3.Kernels.Rows;

/// <summary>
/// Sixteen-bit floating point to and from float32: widening is exact, narrowing rounds to nearest, ties to even.
/// </summary>
internal static class HalfPrecision
{
    /// <summary>The bits of a float16 that are all set in infinities and NaNs alone.</summary>
    public const uint Float16Exponent = 0x7C00;

    /// <summary>The same of a bfloat16.</summary>
    public const uint BFloat16Exponent = 0x7F80;

    private const uint SignBit = 0x8000;
    private const uint Infinity = 0x7F80_0000;

    /// <summary>
    /// 2^112: float16's exponent bias is 15, float32's 127. The product is exact for subnormal numbers, too.
    /// </summary>
    private const float Rebias = 5.192296858534828e33f;

    /// <summary>A bfloat16 is the upper half of a float32.</summary>
    public static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination)[..source.Length];
        int done = 0;
        for (; done <= source.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[done..]), out Vector<uint> lower, out Vector<uint> upper);
            (lower << 16).CopyTo(bits[done..]);
            (upper << 16).CopyTo(bits[(done + Vector<uint>.Count)..]);
        }

        for (; done < source.Length; done++)
        {
            bits[done] = (uint)source[done] << 16;
        }
    }

    /// <summary>Exact, the payloads of NaNs included.</summary>
    public static void WidenFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination)[..source.Length];
        int done = 0;
        for (; done <= source.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[done..]), out Vector<uint> lower, out Vector<uint> upper);
            WidenFloat16(lower).CopyTo(bits[done..]);
            WidenFloat16(upper).CopyTo(bits[(done + Vector<uint>.Count)..]);
        }

        for (; done < source.Length; done++)
        {
            bits[done] = WidenFloat16(new Vector<uint>(source[done]))[0];
        }
    }

    /// <summary>
    /// A NaN stays one: it becomes quiet, so that dropping its lower half cannot turn it into an infinity.
    /// </summary>
    public static void NarrowBFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int done = 0;
        for (; done <= source.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector<uint> lower = NarrowBFloat16(new Vector<uint>(bits[done..]));
            Vector<uint> upper = NarrowBFloat16(new Vector<uint>(bits[(done + Vector<uint>.Count)..]));
            Vector.Narrow(lower, upper).CopyTo(destination[done..]);
        }

        for (; done < source.Length; done++)
        {
            destination[done] = (ushort)NarrowBFloat16(new Vector<uint>(bits[done]))[0];
        }
    }

    public static void NarrowFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = BitConverter.HalfToUInt16Bits((Half)source[i]);
        }
    }

    private static Vector<uint> WidenFloat16(Vector<uint> half)
    {
        Vector<uint> magnitude = (half & new Vector<uint>(SignBit - 1)) << 13;
        Vector<uint> finite = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * Rebias);
        Vector<uint> special = magnitude | new Vector<uint>(Infinity);
        Vector<uint> isSpecial = Vector.Equals(
            half & new Vector<uint>(Float16Exponent),
            new Vector<uint>(Float16Exponent));
        Vector<uint> sign = (half & new Vector<uint>(SignBit)) << 16;
        return Vector.ConditionalSelect(isSpecial, special, finite) | sign;
    }

    private static Vector<uint> NarrowBFloat16(Vector<uint> bits)
    {
        Vector<uint> upper = bits >> 16;
        Vector<uint> rounded = (bits + new Vector<uint>(0x7FFF) + (upper & Vector<uint>.One)) >> 16;
        Vector<uint> isNaN = Vector.GreaterThan(bits & new Vector<uint>(int.MaxValue), new Vector<uint>(Infinity));
        return Vector.ConditionalSelect(isNaN, upper | new Vector<uint>(0x0040), rounded);
    }
}

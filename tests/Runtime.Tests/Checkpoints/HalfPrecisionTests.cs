using Xunit;

namespace A3.Runtime.Tests;

public sealed class HalfPrecisionTests
{
    private static readonly ushort[] AllBits = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];

    /// <summary>
    /// Every finite value of a format that is not negative, so that value k has the bits k: the reference for rounding.
    /// </summary>
    private static readonly double[] BFloat16Values = Values(exponentBits: 8, mantissaBits: 7);

    private static readonly double[] Float16Values = Values(exponentBits: 5, mantissaBits: 10);

    [Fact]
    public void Every_bfloat16_widens_to_the_float32_with_its_bits_on_top()
    {
        var widened = new float[AllBits.Length];
        HalfPrecision.WidenBFloat16(AllBits, widened);
        Assert.Equal(AllBits.Select(bits => (uint)bits << 16), widened.Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void Every_float16_widens_exactly_and_a_NaN_keeps_its_payload()
    {
        var widened = new float[AllBits.Length];
        HalfPrecision.WidenFloat16(AllBits, widened);
        Assert.Equal(AllBits.Select(WideBits), widened.Select(BitConverter.SingleToUInt32Bits));

        static uint WideBits(ushort bits) => (bits & 0x7FFF) > 0x7C00
            ? ((bits & 0x8000u) << 16) | 0x7F80_0000 | ((bits & 0x3FFu) << 13)
            : BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf(bits));
    }

    [Fact]
    public void Narrowing_to_bfloat16_rounds_to_nearest_even() =>
        CheckNarrowing(HalfPrecision.NarrowBFloat16, BFloat16Values);

    [Fact]
    public void Narrowing_to_float16_rounds_to_nearest_even() =>
        CheckNarrowing(HalfPrecision.NarrowFloat16, Float16Values);

    [Fact]
    public void A_NaN_stays_a_NaN_whatever_its_payload()
    {
        uint[] bits = [0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7F80_FFFF];
        float[] payloads = [.. Enumerable.Repeat(bits, 9).SelectMany(same => same).Select(BitConverter.UInt32BitsToSingle)];
        var narrow = new ushort[payloads.Length];
        var widened = new float[payloads.Length];
        HalfPrecision.NarrowBFloat16(payloads, narrow);
        HalfPrecision.WidenBFloat16(narrow, widened);
        Assert.All(widened, value => Assert.True(float.IsNaN(value)));
        HalfPrecision.NarrowFloat16(payloads, narrow);
        HalfPrecision.WidenFloat16(narrow, widened);
        Assert.All(widened, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Any_length_and_alignment_converts_as_its_single_numbers_do()
    {
        float[] numbers = [.. Enumerable.Range(0, 70).Select(i => (float)Math.Sin(i) * 1000)];
        var whole = new ushort[numbers.Length];
        HalfPrecision.NarrowBFloat16(numbers, whole);
        for (int start = 0; start < 3; start++)
        {
            for (int end = start; end <= numbers.Length; end++)
            {
                var part = new ushort[end - start];
                HalfPrecision.NarrowBFloat16(numbers.AsSpan(start..end), part);
                Assert.Equal(whole[start..end], part);
                var widened = new float[part.Length];
                HalfPrecision.WidenFloat16(part, widened);
                Assert.Equal(part.Select(bits => (float)BitConverter.UInt16BitsToHalf(bits)), widened);
                HalfPrecision.WidenBFloat16(part, widened);
                Assert.Equal(part.Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)), widened);
            }
        }
    }

    private delegate void Narrow(ReadOnlySpan<float> source, Span<ushort> destination);

    private static void CheckNarrowing(Narrow narrow, double[] values)
    {
        var random = new Random(1);
        var magnitudes = values.Zip(values.Skip(1), (lower, upper) => (float)((lower + upper) / 2))
            .SelectMany(middle => new[] { middle, MathF.BitDecrement(middle), MathF.BitIncrement(middle) })
            .Concat(values.Select(value => (float)value))
            .Concat([0, float.Epsilon, float.MaxValue, float.PositiveInfinity])
            .Concat(Enumerable.Range(0, 100_000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.Next() % 0x7F80_0000)));
        float[] numbers = [.. magnitudes.SelectMany(value => new[] { value, -value })];
        var narrowed = new ushort[numbers.Length];
        narrow(numbers, narrowed);
        Assert.Equal(numbers.Select(number => Nearest(number, values)), narrowed);
    }

    /// <summary>
    /// The bits of the nearest value, found by search among all; past the largest by half a step or more is infinity.
    /// </summary>
    private static ushort Nearest(float number, double[] values)
    {
        int sign = float.IsNegative(number) ? 0x8000 : 0;
        double magnitude = Math.Abs((double)number);
        int above = Array.BinarySearch(values, magnitude);
        if (above >= 0)
        {
            return (ushort)(sign | above);
        }

        above = ~above;
        double beyond = values[^1] + (values[^1] - values[^2]);
        double upper = above < values.Length ? values[above] : beyond;
        double toUpper = upper - magnitude;
        double toLower = magnitude - values[above - 1];
        bool down = toLower < toUpper || (toLower == toUpper && (above - 1) % 2 == 0);
        return (ushort)(sign | (down ? above - 1 : above));
    }

    private static double[] Values(int exponentBits, int mantissaBits)
    {
        int bias = (1 << (exponentBits - 1)) - 1;
        return [.. Enumerable.Range(0, ((1 << exponentBits) - 1) << mantissaBits).Select(Value)];

        double Value(int bits)
        {
            int exponent = bits >> mantissaBits;
            int mantissa = bits & ((1 << mantissaBits) - 1);
            int implicitOne = exponent == 0 ? 0 : 1 << mantissaBits;
            return Math.ScaleB(implicitOne | mantissa, Math.Max(exponent, 1) - bias - mantissaBits);
        }
    }
}

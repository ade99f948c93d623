using System.Runtime.CompilerServices;
using A3.Kernels.Simd;

namespace A3.Kernels.Rows;

/// <summary>The one vector exponential: softmax, log-sum-exp and SwiGLU are made of it.</summary>
internal static class Exponential
{
    /// <summary>Numbers of the registers that it is computed in; rows that pass through it have room for whole registers.</summary>
    public static int Padding => Registers.AreWide ? Registers.Wide.Count : Registers.Plain.Count;

    /// <summary>exp to 2 units in the last place (Cephes); exactly 0 below -87.3 and clamped above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, IRegister<T>
    {
        // Adding 1.5 * 2^23 leaves the rounded exponent in the low bits of the sum.
        var magic = T.All(12582912f);
        var low = T.All(-87.3f);
        var clamped = T.Min(T.WhereBelow(x, low, low, x), T.All(88f));
        var shifted = T.FusedMultiplyAdd(clamped, T.All(1.44269504f), magic);
        var exponent = shifted - magic;
        var rest = T.FusedMultiplyAdd(exponent, T.All(-0.693359375f), clamped);
        rest = T.FusedMultiplyAdd(exponent, T.All(2.12194440e-4f), rest);

        var series = T.All(1.9875691500e-4f);
        series = T.FusedMultiplyAdd(series, rest, T.All(1.3981999507e-3f));
        series = T.FusedMultiplyAdd(series, rest, T.All(8.3334519073e-3f));
        series = T.FusedMultiplyAdd(series, rest, T.All(4.1665795894e-2f));
        series = T.FusedMultiplyAdd(series, rest, T.All(1.6666665459e-1f));
        series = T.FusedMultiplyAdd(series, rest, T.All(5.0000001201e-1f));
        series = T.FusedMultiplyAdd(series, rest * rest, rest + T.All(1f));
        return T.WhereBelow(x, low, default, series * T.PowerOfTwo(shifted));
    }
}

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace A3.Runtime.Networks.Managed;

/// <summary>Whether the program was compiled without vector registers that its processor has, as native AOT does unless it is told.</summary>
internal static class ProcessorNotice
{
    private const int ExtendedFeatures = 7;
    private const int Avx2Bit = 1 << 5;

    /// <summary>A sentence about it; null where all is well.</summary>
    public static string? Of() => Of(Vector256.IsHardwareAccelerated, HasAvx2());

    /// <summary>As the other, for a program that uses registers of 256 bits or not, on a processor that has them or not.</summary>
    public static string? Of(bool uses, bool has) => has && !uses
        ? "this program was compiled without the vector registers of its processor (AVX2), and decodes many times slower than it could: "
            + "publish it with IlcInstructionSet = x86-64-v3, as the package A3.Runtime sets it, or run it with the .NET runtime."
        : null;

    /// <summary>Asked of the processor itself: what the runtime says is what the program was compiled for.</summary>
    private static bool HasAvx2() => X86Base.IsSupported
        && X86Base.CpuId(0, 0).Eax >= ExtendedFeatures
        && (X86Base.CpuId(ExtendedFeatures, 0).Ebx & Avx2Bit) != 0;
}

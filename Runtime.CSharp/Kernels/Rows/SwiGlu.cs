using System.Runtime.CompilerServices;
using A3.Kernels.Simd;

namespace A3.Kernels.Rows;

/// <summary>The activation of an MLP (Shazeer 2020, arXiv 2002.05202).</summary>
internal static unsafe class SwiGlu
{
    /// <summary>
    /// SwiGLU: target = gate / (1 + exp(-gate)) * up; gate and up are [rows, columns] without gaps, columns in whole <see cref="Exponential.Padding"/>,
    /// and the rows of the target lie the given stride apart.
    /// </summary>
    public static void Apply(float* gate, float* up, int rows, int columns, float* target, nint targetStride)
    {
        if (Registers.AreWide)
        {
            Apply<Registers.Wide>(gate, up, rows, columns, target, targetStride);
        }
        else
        {
            Apply<Registers.Plain>(gate, up, rows, columns, target, targetStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Apply<T>(float* gate, float* up, int rows, int columns, float* target, nint targetStride)
        where T : struct, IRegister<T>
    {
        for (var row = 0; row < rows; row++, gate += columns, up += columns, target += targetStride)
        {
            for (var i = 0; i < columns; i += T.Count)
            {
                var value = T.Load(gate + i);
                (value / (T.All(1f) + Exponential.Of(-value)) * T.Load(up + i)).Store(target + i);
            }
        }
    }
}

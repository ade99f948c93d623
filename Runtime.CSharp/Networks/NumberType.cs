using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>How weights are held in memory or on disk.</summary>
public enum NumberType
{
    /// <summary>32 bits; the one that the CPU is fast in.</summary>
    Float32,

    /// <summary>The upper 16 bits of a 32-bit number: its range with 8 bits of precision.</summary>
    BFloat16,

    /// <summary>IEEE half precision.</summary>
    Float16,
}

/// <summary>Number types as checkpoints and as tensors know them.</summary>
internal static class NumberTypes
{
    public static Dtype Stored(this NumberType type) => type switch
    {
        NumberType.Float32 => Dtype.Float32,
        NumberType.BFloat16 => Dtype.BFloat16,
        NumberType.Float16 => Dtype.Float16,
        _ => throw Unknown(type),
    };

    public static ScalarType OfTensors(this NumberType type) => type switch
    {
        NumberType.Float32 => ScalarType.Float32,
        NumberType.BFloat16 => ScalarType.BFloat16,
        NumberType.Float16 => ScalarType.Float16,
        _ => throw Unknown(type),
    };

    private static ArgumentOutOfRangeException Unknown(NumberType type) =>
        new(nameof(type), type, "a number type of weights is expected.");
}

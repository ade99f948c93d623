using A3.Runtime.Checkpoints;

namespace A3;

/// <summary>Number types as checkpoints and messages know them.</summary>
internal static class NumberTypes
{
    public static Dtype Stored(this NumberType type) => type switch
    {
        NumberType.Float32 => Dtype.Float32,
        NumberType.BFloat16 => Dtype.BFloat16,
        NumberType.Float16 => Dtype.Float16,
        _ => throw Unknown(type),
    };

    /// <summary>As messages and options name it.</summary>
    public static string Name(this NumberType type) => type switch
    {
        NumberType.Float32 => "float32",
        NumberType.BFloat16 => "bfloat16",
        NumberType.Float16 => "float16",
        _ => throw Unknown(type),
    };

    /// <summary>What messages say of its largest number.</summary>
    public static string Bound(this NumberType type) =>
        type == NumberType.Float16 ? "holds numbers up to 65504" : "holds numbers up to 3.4e38";

    /// <summary>The lowest float32 that rounds to infinity.</summary>
    public static float Overflow(this NumberType type) => type switch
    {
        NumberType.Float32 => float.PositiveInfinity,
        NumberType.BFloat16 => BitConverter.UInt32BitsToSingle(0x7F7F8000),
        NumberType.Float16 => 65520,
        _ => throw Unknown(type),
    };

    public static ArgumentOutOfRangeException Unknown(NumberType type) =>
        new(nameof(type), type, "a number type of weights is expected.");
}

using static TorchSharp.torch;

namespace A3.Torch.Networks;

/// <summary>Number types as tensors know them.</summary>
internal static class TensorTypes
{
    public static ScalarType OfTensors(this NumberType type) => type switch
    {
        NumberType.Float32 => ScalarType.Float32,
        NumberType.BFloat16 => ScalarType.BFloat16,
        NumberType.Float16 => ScalarType.Float16,
        _ => throw NumberTypes.Unknown(type),
    };

    /// <summary>Of tensors of a network.</summary>
    public static NumberType Of(ScalarType type) => type switch
    {
        ScalarType.BFloat16 => NumberType.BFloat16,
        ScalarType.Float16 => NumberType.Float16,
        _ => NumberType.Float32,
    };
}

namespace A3.Runtime.Checkpoints;

/// <summary>
/// How a tensor's numbers are stored in a safetensors file; little-endian. Those after <see cref="Int32"/> are known so that files
/// with such tensors open; their numbers are never read.
/// </summary>
internal enum Dtype
{
    Float32,
    BFloat16,
    Float16,
    Int64,
    Int32,
    Float64,
    UInt64,
    UInt32,
    Int16,
    UInt16,
    Int8,
    UInt8,
    Boolean,
    Float8Wide,
    Float8Narrow,
}

/// <summary>The names and sizes of the kinds of numbers we read.</summary>
internal static class Dtypes
{
    private static readonly (Dtype Dtype, string Name, int Size)[] Known =
    [
        (Dtype.Float32, "F32", 4),
        (Dtype.BFloat16, "BF16", 2),
        (Dtype.Float16, "F16", 2),
        (Dtype.Int64, "I64", 8),
        (Dtype.Int32, "I32", 4),
        (Dtype.Float64, "F64", 8),
        (Dtype.UInt64, "U64", 8),
        (Dtype.UInt32, "U32", 4),
        (Dtype.Int16, "I16", 2),
        (Dtype.UInt16, "U16", 2),
        (Dtype.Int8, "I8", 1),
        (Dtype.UInt8, "U8", 1),
        (Dtype.Boolean, "BOOL", 1),
        (Dtype.Float8Wide, "F8_E5M2", 1),
        (Dtype.Float8Narrow, "F8_E4M3", 1),
    ];

    /// <summary>The names of those that are read, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known[..((int)Dtype.Int32 + 1)].Select(known => known.Name));

    extension(Dtype dtype)
    {
        /// <summary>The name in a safetensors header.</summary>
        public string Name => Known[(int)dtype].Name;

        /// <summary>Bytes of one number.</summary>
        public int Size => Known[(int)dtype].Size;

        /// <summary>Whether weights may be stored so.</summary>
        public bool IsFloating => dtype is Dtype.Float32 or Dtype.BFloat16 or Dtype.Float16;
    }

    /// <summary>The kind of number of that name, or null.</summary>
    public static Dtype? Find(string? name)
    {
        int index = Array.FindIndex(Known, known => known.Name == name);
        return index < 0 ? null : Known[index].Dtype;
    }
}

namespace A3

/// How weights are held in memory or on disk.
type NumberType =
    /// 32 bits; the one that the CPU is fast in.
    | Float32 = 0
    /// The upper 16 bits of a 32-bit number: its range with 8 bits of precision.
    | BFloat16 = 1
    /// IEEE half precision.
    | Float16 = 2

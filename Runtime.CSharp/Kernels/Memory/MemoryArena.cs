namespace A3.Kernels.Memory;

/// <summary>Hands out the memory of a network's weights in large pieces, side by side: small matrices then share huge pages.</summary>
/// <param name="expected">Numbers that will be asked for, about.</param>
internal sealed class MemoryArena(long expected)
{
    /// <summary>256 MB: far below the largest array, far above a huge page.</summary>
    private const long LargestPiece = 1 << 26;

    /// <summary>16 MB, about what a last-level cache keeps from one pass to the next for one of several guests of a machine.</summary>
    private const long Cached = 1 << 22;

    /// <summary>Keeps every start on a cache line.</summary>
    private const int LineNumbers = 16;

    private AlignedBuffer piece = new(0);
    private long used;
    private long open = expected;

    /// <summary>Whether a pass reads its weights from memory, since no cache keeps all of them.</summary>
    public bool IsReadFromMemory { get; } = expected > Cached;

    /// <summary>Zeros.</summary>
    public AlignedBuffer Take(long length)
    {
        var rounded = (length + LineNumbers - 1) / LineNumbers * LineNumbers;
        if (used + rounded > piece.Length)
        {
            piece = new AlignedBuffer(Math.Max(rounded, Math.Min(open, LargestPiece)));
            used = 0;
        }

        var part = piece.Slice(used, length);
        used += rounded;
        open -= rounded;
        return part;
    }
}

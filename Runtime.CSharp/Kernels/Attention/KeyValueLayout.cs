using System.Numerics;
using A3.Kernels.Memory;
using A3.Kernels.Products;

namespace A3.Kernels.Attention;

/// <summary>Where the keys and values of so many rows of all layers and heads lie in a page.</summary>
/// <remarks>
/// Keys lie in panels [head width, <see cref="PanelKernel.Columns"/>] of as many keys, values row by row: scores and weighted
/// sums are then the same product as every linear layer.
/// </remarks>
internal sealed class KeyValueLayout
{
    /// <summary>Rows of a page, in whole panels: few enough to waste little, enough that passes over keys run in long pieces.</summary>
    public const int PageRows = 64;

    public KeyValueLayout(int layers, int kvHeads, int headWidth)
    {
        (Layers, KvHeads, HeadWidth) = (layers, kvHeads, headWidth);
        ValueStride = Math.Max(
            PanelKernel.Columns, (headWidth + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count);
    }

    public int Layers { get; }

    public int KvHeads { get; }

    public int HeadWidth { get; }

    /// <summary>Numbers from one value of a head to the next; at least one panel wide, zeros beyond the head.</summary>
    public int ValueStride { get; }

    /// <summary>Pages that lie in one piece of memory, as many as a huge page holds.</summary>
    public int PagesTogether => (int)Math.Max(1, HugePages.Bytes / (PageNumbers * sizeof(float)));

    /// <summary>Bytes of a page.</summary>
    public long PageBytes => PageNumbers * sizeof(float);

    /// <summary>Numbers of a page.</summary>
    public long PageNumbers => (long)Layers * KvHeads * HeadNumbers;

    /// <summary>Pages that hold so many rows.</summary>
    public static int PagesOf(int rows) => (rows + PageRows - 1) / PageRows;

    private int HeadNumbers => PageRows * (HeadWidth + ValueStride);

    /// <summary>From the start of a page to the keys of a head.</summary>
    public nint Keys(int layer, int kvHead) => ((nint)layer * KvHeads + kvHead) * HeadNumbers;

    /// <summary>From the start of a page to the values of a head.</summary>
    public nint Values(int layer, int kvHead) => Keys(layer, kvHead) + PageRows * HeadWidth;
}

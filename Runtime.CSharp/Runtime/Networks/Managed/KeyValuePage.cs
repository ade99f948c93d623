using System.Numerics;

namespace A3.Runtime.Networks.Managed;

/// <summary>Where the keys and values of so many rows of all layers and heads lie in a page.</summary>
/// <remarks>
/// Keys lie in panels [head width, <see cref="PanelKernel.Columns"/>] of as many keys, values row by row: scores and weighted
/// sums are then the same product as every linear layer.
/// </remarks>
internal sealed class KeyValueLayout
{
    /// <summary>Rows of a page, in whole panels: few enough to waste little, enough that walks over keys run in long pieces.</summary>
    public const int PageRows = 64;

    public KeyValueLayout(Model.Architecture architecture)
    {
        Layers = architecture.Layers;
        KvHeads = architecture.KvHeads;
        HeadWidth = architecture.HeadWidth;
        ValueStride = Math.Max(
            PanelKernel.Columns, (HeadWidth + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count);
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

/// <summary>The keys and values of <see cref="KeyValueLayout.PageRows"/> rows; while several caches hold it, none writes to it.</summary>
internal sealed unsafe class KeyValuePage
{
    private readonly KeyValueLayout layout;
    private readonly AlignedBuffer numbers;
    private int holders = 1;

    private KeyValuePage(KeyValueLayout layout, AlignedBuffer numbers) => (this.layout, this.numbers) = (layout, numbers);

    public float* Pointer => numbers.Pointer;

    /// <summary>Whether several caches read it.</summary>
    public bool IsShared => Volatile.Read(ref holders) > 1;

    /// <summary>
    /// So many empty pages, at most <see cref="KeyValueLayout.PagesTogether"/>: all of these lie in a huge page of memory, which takes the kernel
    /// one fault in place of five hundred; fewer are mapped at once. Faults were a fifteenth of a decode.
    /// </summary>
    public static KeyValuePage[] Make(KeyValueLayout layout, int count)
    {
        var whole = count == layout.PagesTogether && count > 1;
        var memory = new AlignedBuffer(whole ? HugePages.Bytes / sizeof(float) : count * layout.PageNumbers);
        if (!whole)
        {
            HugePages.Populate(memory.Pointer, memory.Length * sizeof(float));
        }

        return [.. Enumerable.Range(0, count).Select(page => new KeyValuePage(layout, memory.Slice(page * layout.PageNumbers, layout.PageNumbers)))];
    }

    /// <summary>Copies its numbers to a page of the same layout.</summary>
    public void CopyTo(KeyValuePage target)
    {
        var bytes = layout.PageNumbers * sizeof(float);
        Buffer.MemoryCopy(Pointer, target.Pointer, bytes, bytes);
    }

    /// <summary>One more cache holds it.</summary>
    public void Hold() => Interlocked.Increment(ref holders);

    /// <summary>One cache fewer holds it; true for the last one.</summary>
    public bool Release() => Interlocked.Decrement(ref holders) == 0;

    /// <summary>Held by one cache, after none held it.</summary>
    public void Renew() => Volatile.Write(ref holders, 1);
}

namespace A3.Runtime.Networks.Managed;

/// <summary>Keys and values of the content rows of one sequence, in the order of arrival, each with its rank.</summary>
/// <remarks>
/// They lie in pages that are taken when they are needed. A fork shares all pages; who then writes into a shared one writes into a
/// copy of it, so that evidence is held once however many decodes go on from it. Once closed, its pages serve others: nobody may use it
/// meanwhile.
/// </remarks>
internal sealed unsafe class KeyValueCache
{
    private readonly KeyValuePages source;
    private readonly KeyValueLayout layout;
    private readonly KeyValuePage?[] pages;

    /// <summary>An empty cache for at most so many rows.</summary>
    public KeyValueCache(KeyValuePages source, int capacity)
    {
        (this.source, layout) = (source, source.Layout);
        Capacity = capacity;
        pages = new KeyValuePage?[KeyValueLayout.PagesOf(capacity)];
        Committed = new CommittedRows(pages.Length * KeyValueLayout.PageRows);
    }

    public int Capacity { get; }

    /// <summary>Rows that are kept; those of a running pass lie beyond.</summary>
    public int Length { get; set; }

    /// <summary>What each row is, in whole pages.</summary>
    public CommittedRows Committed { get; private init; }

    /// <summary>Makes the rows from <see cref="Length"/> to <paramref name="end"/> ready to be written.</summary>
    public void Reserve(int end)
    {
        for (var page = Length / KeyValueLayout.PageRows; page * KeyValueLayout.PageRows < end; page++)
        {
            if (pages[page] is not { } held)
            {
                source.Fill(pages.AsSpan(page));
            }
            else if (held.IsShared)
            {
                pages[page] = source.Copy(held);
                source.Release(held);
            }
        }
    }

    /// <summary>The panel that holds key <paramref name="index"/> of a head; the page's other panels follow it.</summary>
    public float* KeyPanel(int layer, int kvHead, int index) =>
        Page(index) + layout.Keys(layer, kvHead)
        + index % KeyValueLayout.PageRows / PanelKernel.Columns * PanelKernel.Columns * layout.HeadWidth;

    /// <summary>Value <paramref name="index"/> of a head, [head width]; the page's other values follow it.</summary>
    public float* Value(int layer, int kvHead, int index) =>
        Page(index) + layout.Values(layer, kvHead) + index % KeyValueLayout.PageRows * layout.ValueStride;

    /// <summary>Writes the key and the value of one reserved row and head, [head width] each.</summary>
    public void Write(int layer, int kvHead, int index, float* key, float* value)
    {
        var lane = KeyPanel(layer, kvHead, index) + index % PanelKernel.Columns;
        for (var i = 0; i < layout.HeadWidth; i++)
        {
            lane[(nint)i * PanelKernel.Columns] = key[i];
        }

        new ReadOnlySpan<float>(value, layout.HeadWidth)
            .CopyTo(new Span<float>(Value(layer, kvHead, index), layout.HeadWidth));
    }

    /// <summary>A cache of its own with the same rows; the two may be used by two threads.</summary>
    public KeyValueCache Fork()
    {
        var fork = new KeyValueCache(source, Capacity) { Length = Length, Committed = Committed.Copy(Length) };

        for (var page = 0; page * KeyValueLayout.PageRows < Length; page++)
        {
            pages[page]!.Hold();
            fork.pages[page] = pages[page];
        }

        return fork;
    }

    /// <summary>Gives its pages back.</summary>
    public void Close()
    {
        foreach (var page in pages)
        {
            if (page is not null)
            {
                source.Release(page);
            }
        }

        Array.Clear(pages);
    }

    private float* Page(int index) => pages[index / KeyValueLayout.PageRows]!.Pointer;
}

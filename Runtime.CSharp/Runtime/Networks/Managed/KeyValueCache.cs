using A3.Kernels.Attention;

namespace A3.Runtime.Networks.Managed;

/// <summary>Keys and values of the content rows of one sequence, in the order of arrival, each with its rank.</summary>
/// <remarks>
/// They lie in pages that are taken when they are needed. A fork shares all pages; a cache that then writes into a shared one writes into a
/// copy of it, so that evidence is held once however many decodes go on from it. Once closed, its pages serve others: it may be used no more.
/// </remarks>
internal sealed class KeyValueCache
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

    /// <summary>The keys and values of a head; of reserved rows, to be written.</summary>
    public KeyValueHead Head(int layer, int kvHead) => new(layout, pages, layer, kvHead);

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

    /// <summary>Returns its pages.</summary>
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
}

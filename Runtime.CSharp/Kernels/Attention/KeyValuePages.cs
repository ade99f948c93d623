using System.Collections.Concurrent;

namespace A3.Kernels.Attention;

/// <summary>A pool of pages: those that caches returned serve the next ones, for new memory is slow at its first touch.</summary>
internal sealed class KeyValuePages(KeyValueLayout layout)
{
    /// <summary>64 MB; what is returned beyond is the collector's.</summary>
    private const long MostNumbers = 1 << 24;

    private readonly ConcurrentStack<KeyValuePage> spare = [];

    public KeyValueLayout Layout => layout;

    /// <summary>
    /// Fills empty places, at least the first; as many as lie together in a huge page where none are spare. What the pages held before is
    /// left in them.
    /// </summary>
    public void Fill(Span<KeyValuePage?> places)
    {
        if (!spare.TryPop(out places[0]))
        {
            KeyValuePage.Make(layout, Math.Min(layout.PagesTogether, places.Length)).CopyTo(places);
        }
    }

    /// <summary>A page of one's own with the same numbers.</summary>
    public KeyValuePage Copy(KeyValuePage page)
    {
        var copy = spare.TryPop(out var free) ? free : KeyValuePage.Make(layout, 1)[0];
        page.CopyTo(copy);
        return copy;
    }

    /// <summary>A cache no longer reads or writes a page.</summary>
    public void Release(KeyValuePage page)
    {
        if (page.Release() && (spare.Count + 1) * layout.PageNumbers <= MostNumbers)
        {
            page.Renew();
            spare.Push(page);
        }
    }
}

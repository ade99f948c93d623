using A3.Kernels.Memory;

namespace A3.Kernels.Attention;

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

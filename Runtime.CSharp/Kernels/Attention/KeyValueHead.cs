using A3.Kernels.Products;

namespace A3.Kernels.Attention;

/// <summary>Keys and values of one head of one layer, in pages.</summary>
internal readonly unsafe struct KeyValueHead(KeyValueLayout layout, KeyValuePage?[] pages, int layer, int kvHead)
{
    /// <summary>The panel that holds key <paramref name="index"/>; the page's other panels follow it.</summary>
    public float* KeyPanel(int index) =>
        Page(index) + layout.Keys(layer, kvHead)
        + index % KeyValueLayout.PageRows / PanelKernel.Columns * PanelKernel.Columns * layout.HeadWidth;

    /// <summary>Value <paramref name="index"/>, [head width]; the page's other values follow it.</summary>
    public float* Value(int index) =>
        Page(index) + layout.Values(layer, kvHead) + index % KeyValueLayout.PageRows * layout.ValueStride;

    /// <summary>Writes a key and a value, [head width] each, into a page that is there.</summary>
    public void Write(int index, float* key, float* value)
    {
        var lane = KeyPanel(index) + index % PanelKernel.Columns;
        for (var i = 0; i < layout.HeadWidth; i++)
        {
            lane[(nint)i * PanelKernel.Columns] = key[i];
        }

        new ReadOnlySpan<float>(value, layout.HeadWidth).CopyTo(new Span<float>(Value(index), layout.HeadWidth));
    }

    private float* Page(int index) => pages[index / KeyValueLayout.PageRows]!.Pointer;
}

using Xunit;

namespace A3.Runtime.Tests;

/// <summary>What is written to a cache is read back, whether its pages lie together in one huge page of memory or each by itself.</summary>
public sealed class KeyValueCacheTests
{
    private const int Layers = 2, Heads = 2;

    /// <summary>By head width: so many pages of the cache would fit a huge one; the first has more room than there are pages, the last none for one.</summary>
    [Theory]
    [InlineData(96, 10)]
    [InlineData(384, 2)]
    [InlineData(1100, 1)]
    public unsafe void Rows_are_read_back_and_a_fork_has_its_own(int headWidth, int together)
    {
        var layout = new KeyValueLayout(Layers, Heads, headWidth);
        const int Capacity = 5 * KeyValueLayout.PageRows;
        var cache = new KeyValueCache(new KeyValuePages(layout), Capacity);
        Assert.Equal(together, layout.PagesTogether);

        Write(cache, 0, Capacity - 30, offset: 0);
        var fork = cache.Fork();
        Write(fork, Capacity - 100, Capacity, offset: 5000);
        Write(cache, Capacity - 30, Capacity, offset: 0);

        AssertRows(cache, 0, Capacity, offset: 0);
        AssertRows(fork, 0, Capacity - 100, offset: 0);
        AssertRows(fork, Capacity - 100, Capacity, offset: 5000);

        float Number(int layer, int head, int row, int part, int i) => part + (2 * i) + row + (layer * 10_000) + (head * 20_000);

        void Write(KeyValueCache target, int from, int to, int offset)
        {
            target.Length = from;
            target.Reserve(to);
            float* key = stackalloc float[headWidth];
            float* value = stackalloc float[headWidth];
            for (var row = from; row < to; row++)
            {
                for (var place = 0; place < Layers * Heads; place++)
                {
                    var (layer, head) = (place / Heads, place % Heads);
                    for (var i = 0; i < headWidth; i++)
                    {
                        (key[i], value[i]) = (Number(layer, head, row, offset, i), Number(layer, head, row, offset + 1, i));
                    }

                    target.Head(layer, head).Write(row, key, value);
                }
            }

            target.Length = to;
        }

        void AssertRows(KeyValueCache source, int from, int to, int offset)
        {
            var wrong = 0;
            for (var row = from; row < to; row++)
            {
                for (var place = 0; place < Layers * Heads; place++)
                {
                    var (layer, head) = (place / Heads, place % Heads);
                    var key = source.Head(layer, head).KeyPanel(row) + (row % PanelKernel.Columns);
                    var value = source.Head(layer, head).Value(row);
                    for (var i = 0; i < headWidth; i++)
                    {
                        wrong += key[i * PanelKernel.Columns] == Number(layer, head, row, offset, i) ? 0 : 1;
                        wrong += value[i] == Number(layer, head, row, offset + 1, i) ? 0 : 1;
                    }
                }
            }

            Assert.Equal(0, wrong);
        }
    }
}

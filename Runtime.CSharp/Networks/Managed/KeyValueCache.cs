using System.Numerics;

namespace A3.Runtime;

/// <summary>Keys and values of the content rows of one sequence, in the order of arrival, each with its rank.</summary>
/// <remarks>
/// Keys lie in panels [head width, <see cref="PanelKernel.Columns"/>] of as many keys, values row by row: scores and weighted
/// sums are then the same product as every linear layer.
/// </remarks>
internal sealed unsafe class KeyValueCache
{
    private readonly int kvHeads;
    private readonly int headWidth;
    private readonly AlignedBuffer[] keys;
    private readonly AlignedBuffer[] values;
    private readonly int[] ranks;

    public KeyValueCache(Model.Architecture architecture, int capacity)
    {
        kvHeads = architecture.KvHeads;
        headWidth = architecture.HeadWidth;
        Capacity = capacity;
        PaddedCapacity = Round(capacity, PanelKernel.Columns);
        ValueStride = Math.Max(PanelKernel.Columns, Round(headWidth, Vector<float>.Count));
        ranks = GC.AllocateArray<int>(PaddedCapacity, pinned: true);
        keys = Layers(architecture.Layers, (long)kvHeads * PaddedCapacity * headWidth);
        values = Layers(architecture.Layers, (long)kvHeads * capacity * ValueStride);
    }

    public int Capacity { get; }

    /// <summary>The capacity in whole panels.</summary>
    public int PaddedCapacity { get; }

    /// <summary>Numbers from one value of a head to the next; at least one panel wide, zeros beyond the head.</summary>
    public int ValueStride { get; }

    /// <summary>Rows that are kept; those of a running pass lie beyond.</summary>
    public int Length { get; set; }

    /// <summary>The rank of each row, at a fixed address, in whole panels.</summary>
    public Span<int> Ranks => ranks;

    /// <summary>The panel that holds key <paramref name="index"/> of a head, and those after it.</summary>
    public float* KeyPanel(int layer, int kvHead, int index) =>
        keys[layer].Pointer + ((nint)kvHead * PaddedCapacity + index / PanelKernel.Columns * PanelKernel.Columns) * headWidth;

    /// <summary>Value <paramref name="index"/> of a head, [head width], and those after it.</summary>
    public float* Value(int layer, int kvHead, int index) =>
        values[layer].Pointer + ((nint)kvHead * Capacity + index) * ValueStride;

    /// <summary>Writes the key and the value of one row and head, [head width] each.</summary>
    public void Write(int layer, int kvHead, int index, float* key, float* value)
    {
        var lane = KeyPanel(layer, kvHead, index) + index % PanelKernel.Columns;
        for (var i = 0; i < headWidth; i++)
        {
            lane[(nint)i * PanelKernel.Columns] = key[i];
        }

        new ReadOnlySpan<float>(value, headWidth).CopyTo(new Span<float>(Value(layer, kvHead, index), headWidth));
    }

    /// <summary>Copies all kept rows of a cache of the same architecture and capacity.</summary>
    public void CopyFrom(KeyValueCache other)
    {
        var keyNumbers = (long)Round(other.Length, PanelKernel.Columns) * headWidth;
        var valueNumbers = (long)other.Length * ValueStride;

        for (var layer = 0; layer < keys.Length; layer++)
        {
            for (var head = 0; head < kvHeads; head++)
            {
                Copy(other.KeyPanel(layer, head, 0), KeyPanel(layer, head, 0), keyNumbers);
                Copy(other.Value(layer, head, 0), Value(layer, head, 0), valueNumbers);
            }
        }

        other.Ranks[..other.Length].CopyTo(Ranks);
        Length = other.Length;
    }

    private static void Copy(float* source, float* target, long numbers) =>
        Buffer.MemoryCopy(source, target, numbers * sizeof(float), numbers * sizeof(float));

    private static AlignedBuffer[] Layers(int count, long numbers) =>
        [.. Enumerable.Range(0, count).Select(_ => new AlignedBuffer(numbers))];

    private static int Round(int number, int multiple) => (number + multiple - 1) / multiple * multiple;
}

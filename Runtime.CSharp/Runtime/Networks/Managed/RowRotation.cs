using A3.Kernels.Rows;

namespace A3.Runtime.Networks.Managed;

/// <summary>How the rows of a pass rotate, and where their keys and values go.</summary>
internal sealed unsafe class RowRotation
{
    private readonly RotationTable angles;
    private readonly int headWidth;
    private readonly int heads;
    private readonly int kvHeads;

    /// <summary>None for query rows.</summary>
    private (KeyValueCache Cache, int Index)?[] places = [];

    public RowRotation(ManagedNetwork network)
    {
        var architecture = network.Architecture;
        angles = new(network.InverseFrequencies);
        (headWidth, heads, kvHeads) = (architecture.HeadWidth, architecture.Heads, architecture.KvHeads);
    }

    /// <summary>Grows to hold so many rows; what was set is lost.</summary>
    public void Grow(int rows)
    {
        places = new (KeyValueCache, int)?[rows];
        angles.Grow(rows);
    }

    /// <summary>The position of a row in its text, and the place of a content row in its cache.</summary>
    public void Set(int row, int position, (KeyValueCache, int)? place)
    {
        places[row] = place;
        angles.Set(row, position);
    }

    /// <summary>
    /// Rotates the queries of a row, <paramref name="projected"/> as queries, keys and values, that share a head of keys; of a content row
    /// also its key, which is cached with its value.
    /// </summary>
    public void Rotate(int layer, nint row, int kvHead, float* projected)
    {
        var sharing = heads / kvHeads;
        angles.Rotate(row, projected + kvHead * sharing * headWidth, sharing);
        if (places[row] is { } place)
        {
            var key = projected + (heads + kvHead) * headWidth;
            angles.Rotate(row, key, 1);
            place.Cache.Head(layer, kvHead).Write(place.Index, key, key + kvHeads * headWidth);
        }
    }
}

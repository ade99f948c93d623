namespace A3.Runtime.Networks.Managed;

/// <summary>
/// RoPE's angles of the rows of a pass, which serve all its blocks, and where their keys and values go. Its buffers grow and are used again.
/// </summary>
internal sealed unsafe class RowRotation
{
    private readonly double[] inverseFrequencies;
    private readonly int headWidth;
    private readonly int heads;
    private readonly int kvHeads;

    /// <summary>Cosines, then sines, of each row.</summary>
    private AlignedBuffer angles = new(0);

    /// <summary>None for query rows.</summary>
    private (KeyValueCache Cache, int Index)?[] places = [];

    public RowRotation(ManagedNetwork network)
    {
        var architecture = network.Architecture;
        inverseFrequencies = network.InverseFrequencies;
        (headWidth, heads, kvHeads) = (architecture.HeadWidth, architecture.Heads, architecture.KvHeads);
    }

    private int Half => headWidth / 2;

    /// <summary>Room for so many rows; what was set is lost.</summary>
    public void MakeRoom(int rows)
    {
        places = new (KeyValueCache, int)?[rows];
        angles = new AlignedBuffer((long)rows * headWidth);
    }

    /// <summary>The position of a row in its text, and the place of a content row in its cache.</summary>
    public void Set(int row, int position, (KeyValueCache, int)? place)
    {
        places[row] = place;
        var target = angles.Pointer + (nint)row * headWidth;
        for (var i = 0; i < Half; i++)
        {
            var (sine, cosine) = Math.SinCos(position * inverseFrequencies[i]);
            target[i] = (float)cosine;
            target[Half + i] = (float)sine;
        }
    }

    /// <summary>
    /// Turns the queries of a row, <paramref name="projected"/> as queries, keys and values, that go with a head of keys; of a content row
    /// also its key, which it caches with its value.
    /// </summary>
    public void Turn(int layer, nint row, int kvHead, float* projected)
    {
        var group = heads / kvHeads;
        var cosines = angles.Pointer + row * headWidth;
        for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
        {
            RowMath.Rotate(projected + head * headWidth, cosines, cosines + Half, Half);
        }

        if (places[row] is { } place)
        {
            var key = projected + (heads + kvHead) * headWidth;
            RowMath.Rotate(key, cosines, cosines + Half, Half);
            place.Cache.Write(layer, kvHead, place.Index, key, key + kvHeads * headWidth);
        }
    }
}

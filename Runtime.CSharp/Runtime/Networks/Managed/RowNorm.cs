namespace A3.Runtime.Networks.Managed;

/// <summary>RMSNorm of the rows of a pass, before a product of all of them.</summary>
/// <remarks>
/// Of a few rows each worker computes it for himself, once for every product: that takes less than waiting until another has, and
/// fetching from his cache what he wrote.
/// </remarks>
internal sealed unsafe class RowNorm
{
    /// <summary>Rows that every worker norms for himself.</summary>
    private const int FewRows = 16;

    /// <summary>128 bytes: processors fetch lines in pairs.</summary>
    private const int Spacing = 16;

    private readonly Model.Architecture architecture;
    private readonly WorkerTeam team;
    private readonly TeamWork share;
    private readonly AlignedBuffer[] own;

    /// <summary>By worker, so far apart that no two write to one line: the product whose rows are in his buffer.</summary>
    private readonly long[] products;

    private AlignedBuffer shared = new(0);
    private AlignedBuffer gain = new(0);
    private float* source;
    private float* target;
    private int rows;
    private long product;

    public RowNorm(ManagedNetwork network)
    {
        (architecture, team, share) = (network.Architecture, network.Team, Share);
        own = [.. Enumerable.Range(0, team.Size).Select(_ => new AlignedBuffer((long)FewRows * architecture.Width))];
        products = new long[(team.Size + 1) * Spacing];
    }

    /// <summary>Numbers of the rows that workers share.</summary>
    public long Numbers => shared.Length;

    /// <summary>Room for so many rows; what was normed is lost.</summary>
    public void MakeRoom(int count) => shared = new AlignedBuffer((long)count * architecture.Width);

    /// <summary>From now on it is these rows, [rows, width], that are normed, with this gain, [width]. They may not be written until their product is done.</summary>
    public void Begin(float* hidden, int count, AlignedBuffer normGain)
    {
        source = hidden;
        (rows, gain) = (count, normGain);
        product++;
        if (rows > FewRows)
        {
            target = shared.Pointer;
            team.Run(rows, architecture.Width, share);
        }
    }

    /// <summary>Norms rows for good.</summary>
    public void Replace(float* hidden, int count, AlignedBuffer normGain)
    {
        source = target = hidden;
        gain = normGain;
        team.Run(count, architecture.Width, share);
    }

    /// <summary>The normed rows, [rows, width], for a worker.</summary>
    public float* Of(int worker)
    {
        if (rows > FewRows)
        {
            return shared.Pointer;
        }

        ref var held = ref products[(worker + 1) * Spacing];
        if (held != product)
        {
            Norm(0, rows, own[worker].Pointer);
            held = product;
        }

        return own[worker].Pointer;
    }

    private void Share(int worker, int start, int end) => Norm(start, end, target);

    private void Norm(int start, int end, float* to)
    {
        var width = (nint)architecture.Width;
        for (nint row = start; row < end; row++)
        {
            RowMath.Normalise(source + row * width, gain.Pointer, architecture.Width, (float)architecture.NormEpsilon, to + row * width);
        }
    }
}

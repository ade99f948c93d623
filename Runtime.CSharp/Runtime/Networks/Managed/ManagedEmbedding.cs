using A3.Kernels.Threads;
using A3.Model;

namespace A3.Runtime.Networks.Managed;

/// <summary>What the rows of a pass begin with: the embedding of a token or of queries, and the angle of the position.</summary>
/// <remarks>A tied embedding lies in the panels of the head, a line of memory for each number; so the rows are shared out.</remarks>
internal sealed unsafe class ManagedEmbedding
{
    /// <summary>Multiply-adds that a row is worth, about.</summary>
    private const long RowCost = 1 << 16;

    private readonly Model.Architecture architecture;
    private readonly ManagedWeights weights;
    private readonly WorkerPool pool;
    private readonly RowRotation rotation;
    private readonly int queryShift;
    private readonly RangeWork embed;

    /// <summary>None for a row that begins as a query.</summary>
    private int?[] tokens = [];
    private int[] angles = [];
    private (KeyValueCache, int)?[] places = [];
    private float* target;

    public ManagedEmbedding(ManagedNetwork network, RowRotation rotation)
    {
        (architecture, weights, pool, this.rotation) = (network.Architecture, network.Weights, network.Pool, rotation);
        queryShift = ArchitectureModule.queryShift(architecture);
        embed = Embed;
    }

    /// <summary>Grows to hold so many rows; what was set is lost.</summary>
    public void Grow(int rows)
    {
        tokens = new int?[rows];
        angles = new int[rows];
        places = new (KeyValueCache, int)?[rows];
    }

    /// <summary>The rows of a sequence from row <paramref name="first"/> on, content rows first, which are noted in its cache.</summary>
    public void Set(int first, in PassRows rows, KeyValueCache cache)
    {
        var row = first;
        foreach (var content in rows.Content.Span)
        {
            var index = cache.Length + row - first;
            cache.Committed.Set(index, content);
            (tokens[row], angles[row], places[row]) = (content.Token, content.Position, (cache, index));
            row++;
        }

        var committed = cache.Length + rows.Content.Length;
        foreach (var query in rows.Queries.Span)
        {
            tokens[row] = architecture.QueryStream.IsPreceding ? cache.Committed.Preceding(query, committed) : null;
            (angles[row], places[row]) = (query.Position - queryShift, null);
            row++;
        }
    }

    /// <summary>Writes the embeddings of the first rows, [rows, width], and sets their rotations.</summary>
    public void Run(int rows, float* hidden)
    {
        target = hidden;
        pool.Run(rows, RowCost, embed);
    }

    private void Embed(int worker, int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            var own = target + (nint)row * architecture.Width;
            if (tokens[row] is { } token)
            {
                weights.Embed(token, own);
            }
            else
            {
                new ReadOnlySpan<float>(weights.QueryEmbedding!.Pointer, architecture.Width).CopyTo(new Span<float>(own, architecture.Width));
            }

            rotation.Set(row, angles[row], places[row]);
        }
    }
}

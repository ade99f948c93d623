using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;
using A3.Kernels.Threads;
using A3.Model;

namespace A3.Runtime.Networks.Managed;

/// <summary>The queries, keys and values of a pass's rows, by one product; its buffer is used again by every block.</summary>
internal sealed unsafe class ManagedProjection
{
    private readonly int width;
    private readonly int queryWidth;
    private readonly int kvWidth;
    private readonly WorkerPool pool;
    private readonly RowNorm norm;
    private readonly RangeWork project;

    /// <summary>Panels that hold some query output; keys and values fill the others.</summary>
    private readonly int queryPanels;

    /// <summary>Panels sorted by the worker that attends to their heads and will find them in its cache.</summary>
    private readonly int[] order;

    /// <summary>Neighbouring content rows: where they start, and how many.</summary>
    private readonly List<(int First, int Count)> contentRuns = [];

    private AlignedBuffer projected = new(0);
    private PackedMatrix? matrix;
    private int rows;

    public ManagedProjection(ManagedNetwork network, RowNorm norm)
    {
        var architecture = network.Architecture;
        (width, pool, this.norm, project) = (architecture.Width, network.Pool, norm, Project);
        (queryWidth, kvWidth) = (ArchitectureModule.queryWidth(architecture), ArchitectureModule.kvWidth(architecture));
        queryPanels = (queryWidth + PanelKernel.Columns - 1) / PanelKernel.Columns;
        order = [.. Enumerable.Range(0, (Stride + PanelKernel.Columns - 1) / PanelKernel.Columns).OrderBy(Worker)];
    }

    /// <summary>[rows, <see cref="Stride"/>]: the heads of queries, those of keys, those of values.</summary>
    public float* Pointer => projected.Pointer;

    public int Stride => queryWidth + 2 * kvWidth;

    public long Numbers => projected.Length;

    /// <summary>Rows that were projected.</summary>
    public int Rows => rows;

    /// <summary>Grows to hold so many rows; what was projected is lost.</summary>
    public void Grow(int count) => projected = new AlignedBuffer((long)count * Stride);

    /// <summary>What the rows of a pass are, sequence after sequence, content rows first; returns how many.</summary>
    public int Set(ReadOnlySpan<PassRows> batch)
    {
        rows = 0;
        contentRuns.Clear();
        foreach (var sequence in batch)
        {
            if (sequence.Content.Length > 0)
            {
                contentRuns.Add((rows, sequence.Content.Length));
            }

            rows += sequence.Rows;
        }

        return rows;
    }

    /// <summary>Projects the normalised rows.</summary>
    public void Run(PackedMatrix queryKeyValue)
    {
        matrix = queryKeyValue;
        pool.Run(order.Length, matrix.PanelCost(rows), project);
    }

    /// <summary>Heads are shared out by their numbers, and so are these panels.</summary>
    private int Worker(int panel)
    {
        var column = panel * PanelKernel.Columns;
        return column < queryWidth
            ? (int)((long)column * pool.Workers / queryWidth)
            : (int)((long)((column - queryWidth) % kvWidth) * pool.Workers / kvWidth);
    }

    /// <summary>Queries of all rows; keys and values of content rows only, nobody attends to the others.</summary>
    private void Project(int worker, int start, int end)
    {
        var normalised = norm.Of(worker);
        foreach (var panel in order.AsSpan(start..end))
        {
            if (panel < queryPanels)
            {
                ProjectPanel(normalised, panel, 0, rows);
                continue;
            }

            foreach (var (first, count) in contentRuns)
            {
                ProjectPanel(normalised, panel, first, count);
            }
        }
    }

    private void ProjectPanel(float* normalised, int panel, nint first, int count) =>
        matrix!.Multiply(normalised + first * width, width, count, panel, panel + 1, Pointer + first * Stride, Stride, accumulate: false);
}

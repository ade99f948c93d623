using System.Runtime.CompilerServices;
using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;
using A3.Kernels.Threads;

namespace A3.Runtime.Networks.Managed;

/// <summary>The SwiGLU layer of a block, added to the residual stream; its buffer is used again by every Block.</summary>
internal sealed unsafe class ManagedMlp
{
    /// <summary>Rows that go through together, so that the wide activations stay small.</summary>
    private const int BlockRows = 256;

    /// <summary>Rows of the tile in which gate and up meet.</summary>
    private const int TileRows = 16;

    private readonly IReadOnlyList<ManagedBlock> blocks;
    private readonly int width;
    private readonly WorkerPool pool;
    private readonly RangeWork gate;
    private readonly RangeWork add;

    private AlignedBuffer activation = new(0);
    private int layer;
    private int rows;
    private RowNorm? norm;
    private nint offset;
    private float* hidden;

    public ManagedMlp(ManagedNetwork network)
    {
        blocks = network.Weights.Blocks;
        width = network.Architecture.Width;
        pool = network.Pool;
        gate = Gate;
        add = Add;
    }

    private ManagedBlock Block => blocks[layer];

    /// <summary>Numbers of one row of activations: the MLP width in whole panels.</summary>
    private int Stride => Block.GateUp.Outputs / 2;

    /// <summary>hidden += down (silu (gate input) * up input), both [rows, width]; the input is what was normalised, or hidden itself.</summary>
    public void Run(int index, int rowCount, RowNorm? normalised, float* target)
    {
        (layer, norm) = (index, normalised);

        for (var first = 0; first < rowCount; first += BlockRows)
        {
            rows = Math.Min(BlockRows, rowCount - first);
            offset = (nint)first * width;
            hidden = target + offset;
            if (activation.Length < (long)rows * Stride)
            {
                activation = new AlignedBuffer((long)rows * Stride);
            }

            pool.Run(Block.GateUp.Panels / 2, 2 * Block.GateUp.PanelCost(rows), gate);
            pool.Run(Block.Down.Panels, Block.Down.PanelCost(rows), add);
        }
    }

    /// <summary>One item is a panel of gates and the panel of ups beside it.</summary>
    [SkipLocalsInit]
    private void Gate(int worker, int start, int end)
    {
        var input = norm is null ? hidden : norm.Of(worker) + offset;
        var columns = PanelKernel.Columns;
        var gates = stackalloc float[2 * TileRows * columns];
        var ups = gates + TileRows * columns;

        for (var item = start; item < end; item++)
        {
            for (var row = 0; row < rows; row += TileRows)
            {
                var count = Math.Min(TileRows, rows - row);
                var tile = input + (nint)row * width;
                var target = activation.Pointer + (nint)row * Stride + item * columns;
                Block.GateUp.MultiplyPanel(tile, width, count, 2 * item, gates, columns, accumulate: false);
                Block.GateUp.MultiplyPanel(tile, width, count, 2 * item + 1, ups, columns, accumulate: false);
                SwiGlu.Apply(gates, ups, count, columns, target, Stride);
            }
        }
    }

    private void Add(int worker, int start, int end) =>
        Block.Down.Multiply(activation.Pointer, Stride, rows, start, end, hidden, width, accumulate: true);
}

using A3.Kernels.Memory;

namespace A3.Kernels.Products;

/// <summary>The weights of a linear layer, y = x W^T, packed into panels of outputs.</summary>
/// <remarks>Output o lies in lane o mod <see cref="PanelKernel.Columns"/> of its panel; the last panel is padded with zeros.</remarks>
internal sealed unsafe class PackedMatrix
{
    /// <summary>Rows that pass a panel while it is in the cache: 64 rows of 512 floats stay in a second-level cache.</summary>
    private const int RowBlock = 64;

    /// <summary>Inputs taken at a time, so that a panel's part fits the cache for any width; sums go on from memory, exactly.</summary>
    private const int DepthBlock = 512;

    private readonly AlignedBuffer weights;
    private readonly bool fromMemory;

    /// <summary>A matrix of zeros, with memory from the arena.</summary>
    public PackedMatrix(int outputs, int inputs, MemoryArena arena)
    {
        Outputs = outputs;
        Inputs = inputs;
        Panels = (outputs + PanelKernel.Columns - 1) / PanelKernel.Columns;
        weights = arena.Take(Panels * PanelFloats);
        fromMemory = arena.IsReadFromMemory;
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public int Panels { get; }

    private long PanelFloats => (long)Inputs * PanelKernel.Columns;

    /// <summary>Multiply-adds of so many rows and one panel; few rows cost what reading the panel costs.</summary>
    public long PanelCost(int rows) => Math.Max(rows, 4) * PanelFloats;

    /// <summary>Packs rows [outputs, inputs], row-major, as the outputs from <paramref name="first"/> on.</summary>
    public void Fill(int first, ReadOnlySpan<float> rows)
    {
        for (var row = 0; row < rows.Length / Inputs; row++)
        {
            var lane = Lane(first + row);
            var source = rows.Slice(row * Inputs, Inputs);

            for (var input = 0; input < source.Length; input++)
            {
                lane[(long)input * PanelKernel.Columns] = source[input];
            }
        }
    }

    /// <summary>Copies the weights of one output, [inputs], to <paramref name="target"/>.</summary>
    public void CopyOutput(int output, float* target)
    {
        var lane = Lane(output);

        for (var input = 0; input < Inputs; input++)
        {
            target[input] = lane[(long)input * PanelKernel.Columns];
        }
    }

    /// <summary>
    /// y = x W^T, or y += x W^T, for the outputs of some panels: x is [rows, inputs] and y [rows, outputs], with rows the given
    /// strides apart; y points at output 0.
    /// </summary>
    public void Multiply(
        float* x, nint xStride, int rows, int firstPanel, int endPanel, float* y, nint yStride, bool accumulate)
    {
        for (var row = 0; row < rows; row += RowBlock)
        {
            var count = Math.Min(RowBlock, rows - row);

            for (var panel = firstPanel; panel < endPanel; panel++)
            {
                var target = y + row * yStride + (nint)panel * PanelKernel.Columns;
                var columns = Math.Min(PanelKernel.Columns, Outputs - panel * PanelKernel.Columns);

                if (columns == PanelKernel.Columns)
                {
                    MultiplyPanel(x + row * xStride, xStride, count, panel, target, yStride, accumulate);
                }
                else
                {
                    MultiplyLast(x + row * xStride, xStride, count, panel, columns, target, yStride, accumulate);
                }
            }
        }
    }

    /// <summary>As <see cref="Multiply"/> for one panel with its padding; y points at the panel's first output.</summary>
    public void MultiplyPanel(
        float* x, nint xStride, int rows, int panel, float* y, nint yStride, bool accumulate)
    {
        var start = weights.Pointer + panel * PanelFloats;

        for (var depth = 0; depth < Inputs; depth += DepthBlock)
        {
            PanelKernel.Multiply(
                x + depth,
                xStride,
                rows,
                start + (nint)depth * PanelKernel.Columns,
                PanelKernel.Columns,
                Math.Min(DepthBlock, Inputs - depth),
                y,
                yStride,
                accumulate || depth > 0,
                fromMemory);
        }
    }

    /// <summary>The padded panel: through a full-width tile, of which only the real columns are read and written.</summary>
    private void MultiplyLast(
        float* x, nint xStride, int rows, int panel, int columns, float* y, nint yStride, bool accumulate)
    {
        var tile = stackalloc float[RowBlock * PanelKernel.Columns];
        var bytes = columns * sizeof(float);

        for (var row = 0; accumulate && row < rows; row++)
        {
            Buffer.MemoryCopy(y + row * yStride, tile + row * PanelKernel.Columns, bytes, bytes);
        }

        MultiplyPanel(x, xStride, rows, panel, tile, PanelKernel.Columns, accumulate);

        for (var row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(tile + row * PanelKernel.Columns, y + row * yStride, bytes, bytes);
        }
    }

    private float* Lane(int output) =>
        weights.Pointer + output / PanelKernel.Columns * PanelFloats + output % PanelKernel.Columns;
}

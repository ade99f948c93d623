using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;

namespace A3.Kernels.Attention;

/// <summary>A head of keys or values of one sequence in a workspace, as rows and as panels, and products with it.</summary>
internal readonly unsafe struct SpanHead
{
    private readonly SpanPass pass;

    /// <summary>[key, padded width].</summary>
    private readonly float* rows;

    /// <summary>[32 keys, padded width, 32].</summary>
    private readonly float* panels;

    public SpanHead(SpanPass pass, ref Workspace workspace)
    {
        this.pass = pass;
        rows = workspace.Take(pass.HeadNumbers);
        panels = workspace.Take(pass.HeadNumbers);
    }

    /// <summary>Reads the keys of a head, rotated.</summary>
    public void ReadKeys(int kvHead, Interval keys)
    {
        for (var row = keys.Start; row < keys.End; row++)
        {
            pass.KeyRotations.Rotate(row, pass.Keys[kvHead, row], Row(row - keys.Start), pass.Width);
        }

        ZeroBehind(pass, TileKernel.Columns, rows, keys.Length);
        MakePanels(keys.Length);
    }

    /// <summary>Reads the values of a head, as rows.</summary>
    public void ReadValues(int kvHead, Interval keys)
    {
        for (var row = keys.Start; row < keys.End; row++)
        {
            RowMath.Scale(pass.Values[kvHead, row], 1f, pass.Width, Row(row - keys.Start));
        }

        ZeroBehind(pass, TileKernel.Columns, rows, keys.Length);
    }

    /// <summary>Its rows as panels.</summary>
    public void MakePanels(int keys)
    {
        for (var key = 0; key < SpanPass.Padded(TileKernel.Columns, keys); key += 4)
        {
            var panel = panels + (nint)(key / TileKernel.Columns * TileKernel.Columns) * pass.PaddedWidth;
            RowMath.TransposeFour(Row(key), pass.PaddedWidth, panel + key % TileKernel.Columns, pass.Width);
        }
    }

    /// <summary>The rows of a tile, [8, padded width], times the keys of some tiles: scores [8, key].</summary>
    public void Score(Interval tiles, float* tile, float* scores)
    {
        for (var key = tiles.Start; key < tiles.End; key += TileKernel.Columns)
        {
            TileKernel.Multiply(
                tile,
                pass.PaddedWidth,
                1,
                panels + (nint)key * pass.PaddedWidth,
                TileKernel.Columns,
                pass.Width,
                scores + key,
                pass.ScoreStride,
                accumulate: false);
        }
    }

    /// <summary>The weights of a tile's rows, [8, key], times the rows of some tiles: [8, padded width].</summary>
    public void Weigh(Interval tiles, float* weights, float* target)
    {
        for (var column = 0; column < pass.PaddedWidth; column += TileKernel.Columns)
        {
            TileKernel.Multiply(
                weights + tiles.Start,
                pass.ScoreStride,
                1,
                Row(tiles.Start) + column,
                pass.PaddedWidth,
                tiles.Length,
                target + column,
                pass.PaddedWidth,
                accumulate: false);
        }
    }

    /// <summary>Zeros behind the last of so many rows of a workspace, up to whole tiles of some rows.</summary>
    public static void ZeroBehind(SpanPass pass, int tileRows, float* rows, int count) =>
        new Span<float>(
            rows + (nint)count * pass.PaddedWidth, (SpanPass.Padded(tileRows, count) - count) * pass.PaddedWidth).Clear();

    private float* Row(int key) => rows + (nint)key * pass.PaddedWidth;
}

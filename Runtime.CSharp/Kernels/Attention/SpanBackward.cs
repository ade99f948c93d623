using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;

namespace A3.Kernels.Attention;

/// <summary>The gradients of attention over spans, a block of rows after another; scores are computed once more.</summary>
internal sealed unsafe class SpanBackward : SpanWorker
{
    /// <summary>Rows whose gradients towards keys and values are added up at once, whole tiles.</summary>
    private const int BlockRows = 8 * TileKernel.Rows;

    private readonly SpanPass pass;
    private readonly Heads gradient;
    private readonly SpanGradients to;
    private readonly SpanHead keys;
    private readonly SpanHead values;

    /// <summary>Sums of gradients, [key, padded width].</summary>
    private readonly float* toKeys;

    /// <summary>Sums of gradients, [key, padded width].</summary>
    private readonly float* toValues;

    private readonly Block block;

    /// <summary>Gradients towards queries, [8, padded width].</summary>
    private readonly float* toQueries;

    private readonly Interval[] tiles = new Interval[BlockRows / TileKernel.Rows];

    public SpanBackward(SpanPass pass, Heads gradient, SpanGradients to, Workspace workspace)
        : base(pass)
    {
        (this.pass, this.gradient, this.to) = (pass, gradient, to);
        (keys, values) = (new(pass, ref workspace), new(pass, ref workspace));
        toKeys = workspace.Take(pass.HeadNumbers);
        toValues = workspace.Take(pass.HeadNumbers);
        block = new(pass, ref workspace);
        toQueries = workspace.Take(TileKernel.Rows * pass.PaddedWidth);
    }

    public static long WorkspaceNumbers(SpanPass pass) =>
        6 * pass.HeadNumbers + 2 * BlockRows * (pass.PaddedWidth + pass.ScoreStride) + TileKernel.Rows * pass.PaddedWidth;

    protected override void Run(SpanSequence sequence, int kvHead)
    {
        keys.ReadKeys(kvHead, sequence.Keys);
        values.ReadValues(kvHead, sequence.Keys);
        values.MakePanels(sequence.Keys.Length);
        new Span<float>(toKeys, (int)pass.HeadNumbers).Clear();
        new Span<float>(toValues, (int)pass.HeadNumbers).Clear();
        RunParts(sequence, kvHead, BlockRows);
        for (var row = sequence.Keys.Start; row < sequence.Keys.End; row++)
        {
            var place = (nint)(row - sequence.Keys.Start) * pass.PaddedWidth;
            pass.KeyRotations.Rotate(row, toKeys + place, to.Keys[kvHead, row], pass.Width, inverse: true);
            RowMath.Scale(toValues + place, 1f, pass.Width, to.Values[kvHead, row]);
        }
    }

    protected override void RunRows(int head, int first, int count)
    {
        var whole = pass.TilesOf(first, count);
        ReadQueries(head, first, count, block.Queries);
        for (var row = 0; row < count; row++)
        {
            RowMath.Scale(gradient[head, first + row], 1f, pass.Width, block.Gradient + (nint)row * pass.PaddedWidth);
        }

        SpanHead.ZeroBehind(pass, TileKernel.Rows, block.Gradient, count);
        for (var offset = 0; offset < count; offset += TileKernel.Rows)
        {
            tiles[offset / TileKernel.Rows] = RunTile(whole, head, first, offset, Math.Min(TileKernel.Rows, count - offset));
        }

        var used = tiles.AsSpan(0, SpanPass.Padded(TileKernel.Rows, count) / TileKernel.Rows);
        AddTransposed(used, whole, block.Probabilities, block.Gradient, toValues);
        AddTransposed(used, whole, block.ScoreGradient, block.Queries, toKeys);
    }

    /// <summary>Probabilities and score gradients of a tile's rows, and the gradients towards its queries; returns the tiles of its keys.</summary>
    private Interval RunTile(Interval whole, int head, int first, int offset, int count)
    {
        var reached = pass.TilesOf(first + offset, count);
        var own = reached.End == 0 ? new(whole.Start, whole.Start) : reached;
        var rows = block.From(offset, pass);
        keys.Score(own, rows.Queries, rows.Probabilities);
        values.Score(own, rows.Gradient, rows.ScoreGradient);
        for (var row = 0; row < TileKernel.Rows; row++)
        {
            Soften(whole, row < count ? own : new(whole.Start, whole.Start), rows.From(row, pass), head, first + offset + row);
        }

        keys.Weigh(own, rows.ScoreGradient, toQueries);
        for (var row = 0; row < count; row++)
        {
            var place = first + offset + row;
            pass.QueryRotations.Rotate(
                place, toQueries + (nint)row * pass.PaddedWidth, to.Queries[head, place], pass.Width, pass.Scale, inverse: true);
        }

        return own;
    }

    /// <summary>Of one row: scores to probabilities, the gradient towards these to that towards scores, both 0 outside its own tiles.</summary>
    private void Soften(Interval whole, Interval own, Block row, int head, int place)
    {
        if (!own.IsEmpty)
        {
            Softmax.SpanProbabilities(row.Probabilities, own, pass.Spans[place], *pass.LogSumExps[head, place]);
            Softmax.Gradient(row.Probabilities, row.ScoreGradient, own);
        }

        ZeroOutside(whole, own, row.Probabilities);
        ZeroOutside(whole, own, row.ScoreGradient);
    }

    private static void ZeroOutside(Interval whole, Interval own, float* scores)
    {
        new Span<float>(scores + whole.Start, own.Start - whole.Start).Clear();
        new Span<float>(scores + own.End, whole.End - own.End).Clear();
    }

    /// <summary>
    /// Adds weights^T [key, row] times rows [row, width] to the sums [key, width], for rows of a block and all keys in its tiles.
    /// </summary>
    private void AddTransposed(ReadOnlySpan<Interval> tiles, Interval whole, float* weights, float* rows, float* sums)
    {
        for (var key = whole.Start; key < whole.End; key += TileKernel.Rows)
        {
            var reaching = Reaching(tiles, key);
            if (!reaching.IsEmpty)
            {
                nint first = reaching.Start * TileKernel.Rows;
                for (var column = 0; column < pass.PaddedWidth; column += TileKernel.Columns)
                {
                    TileKernel.Multiply(
                        weights + first * pass.ScoreStride + key,
                        1,
                        pass.ScoreStride,
                        rows + first * pass.PaddedWidth + column,
                        pass.PaddedWidth,
                        reaching.Length * TileKernel.Rows,
                        sums + (nint)key * pass.PaddedWidth + column,
                        pass.PaddedWidth,
                        accumulate: true);
                }
            }
        }
    }

    /// <summary>From the first to the last tile of rows that reaches a key; empty for none.</summary>
    private static Interval Reaching(ReadOnlySpan<Interval> tiles, int key)
    {
        var (first, end) = (0, 0);
        for (var tile = tiles.Length - 1; tile >= 0; tile--)
        {
            if (tiles[tile].Contains(key))
            {
                (first, end) = (tile, Math.Max(end, tile + 1));
            }
        }

        return new(first, end);
    }

    /// <summary>Rows of a block in a workspace.</summary>
    private readonly struct Block
    {
        /// <summary>[row, padded width], rotated and scaled.</summary>
        public readonly float* Queries;

        /// <summary>Towards their outputs, [row, padded width].</summary>
        public readonly float* Gradient;

        /// <summary>[row, key].</summary>
        public readonly float* Probabilities;

        /// <summary>Gradients towards probabilities, then towards scores, [row, key].</summary>
        public readonly float* ScoreGradient;

        public Block(SpanPass pass, ref Workspace workspace)
            : this(
                workspace.Take(BlockRows * pass.PaddedWidth),
                workspace.Take(BlockRows * pass.PaddedWidth),
                workspace.Take(BlockRows * pass.ScoreStride),
                workspace.Take(BlockRows * pass.ScoreStride))
        {
        }

        private Block(float* queries, float* gradient, float* probabilities, float* scoreGradient)
        {
            Queries = queries;
            Gradient = gradient;
            Probabilities = probabilities;
            ScoreGradient = scoreGradient;
        }

        /// <summary>Its rows from one on.</summary>
        public Block From(nint row, SpanPass pass) => new(
            Queries + row * pass.PaddedWidth,
            Gradient + row * pass.PaddedWidth,
            Probabilities + row * pass.ScoreStride,
            ScoreGradient + row * pass.ScoreStride);
    }
}

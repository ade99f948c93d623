using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;

namespace A3.Kernels.Attention;

/// <summary>Attention outputs, a tile of rows after another.</summary>
internal sealed unsafe class SpanForward : SpanWorker
{
    private readonly SpanPass pass;
    private readonly Heads outputs;
    private readonly SpanHead keys;
    private readonly SpanHead values;

    /// <summary>[8, padded width].</summary>
    private readonly float* queries;

    /// <summary>[8, padded width].</summary>
    private readonly float* sums;

    /// <summary>[8, key].</summary>
    private readonly float* scores;

    public SpanForward(SpanPass pass, Heads outputs, Workspace workspace)
        : base(pass)
    {
        (this.pass, this.outputs) = (pass, outputs);
        (keys, values) = (new(pass, ref workspace), new(pass, ref workspace));
        queries = workspace.Take(TileKernel.Rows * pass.PaddedWidth);
        sums = workspace.Take(TileKernel.Rows * pass.PaddedWidth);
        scores = workspace.Take(TileKernel.Rows * pass.ScoreStride);
    }

    public static long WorkspaceNumbers(SpanPass pass) =>
        4 * pass.HeadNumbers + TileKernel.Rows * (2 * pass.PaddedWidth + pass.ScoreStride);

    protected override void Run(SpanSequence sequence, int kvHead)
    {
        keys.ReadKeys(kvHead, sequence.Keys);
        values.ReadValues(kvHead, sequence.Keys);
        RunParts(sequence, kvHead, TileKernel.Rows);
    }

    protected override void RunRows(int head, int first, int count)
    {
        var tiles = pass.TilesOf(first, count);
        ReadQueries(head, first, count, queries);
        keys.Score(tiles, queries, scores);
        var inverses = stackalloc float[TileKernel.Rows];
        for (var row = 0; row < TileKernel.Rows; row++)
        {
            var own = scores + (nint)row * pass.ScoreStride;
            if (row < count)
            {
                var (sum, logSumExp) = Softmax.SpanWeights(own, tiles, pass.Spans[first + row]);
                inverses[row] = sum == 0f ? 0f : 1f / sum;
                *pass.LogSumExps[head, first + row] = logSumExp;
            }
            else
            {
                new Span<float>(own + tiles.Start, tiles.Length).Clear();
            }
        }

        values.Weigh(tiles, scores, sums);
        for (var row = 0; row < count; row++)
        {
            RowMath.Scale(sums + (nint)row * pass.PaddedWidth, inverses[row], pass.Width, outputs[head, first + row]);
        }
    }
}

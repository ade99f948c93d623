using A3.Kernels.Rows;

namespace A3.Runtime.Sampling;

/// <summary>
/// Softmax of rows of logits by blocks of tokens: of each block the largest logit, and the sum of exponentials of the distances to it. That
/// is all it takes to score a token and to draw one where nothing is cut; whoever writes the logits of a block adds it while it is in his
/// cache. Several threads may add blocks.
/// </summary>
internal sealed class BlockSums(int vocabulary)
{
    private readonly int blocks = LogSoftmax.BlocksOf(vocabulary);

    /// <summary>[rows, blocks], each of the block alone until the row is joined.</summary>
    private double[] sums = [];

    /// <summary>[rows, blocks].</summary>
    private float[] maxima = [];

    /// <summary>What the logits of each row are multiplied by.</summary>
    private float[] factors = [];

    /// <summary>Of each row, once its sums are brought to one largest logit.</summary>
    private Joined?[] joined = [];

    /// <param name="Max">The largest logit of the row.</param>
    /// <param name="Total">The sum of exponentials of all distances to it.</param>
    /// <param name="Log">Its logarithm.</param>
    public readonly record struct Joined(float Max, double Total, double Log);

    /// <summary>Rows to be added; what it held before is gone.</summary>
    public void Renew(int rows)
    {
        if (joined.Length < rows)
        {
            (sums, maxima) = (new double[rows * blocks], new float[rows * blocks]);
            (joined, factors) = (new Joined?[rows], new float[rows]);
        }

        Array.Clear(joined);
    }

    /// <summary>Blocks of a row, from its logits, [vocabulary], times a factor.</summary>
    public void Add(int row, int first, int end, ReadOnlySpan<float> logits, float factor)
    {
        factors[row] = factor;
        for (var block = first; block < end; block++)
        {
            var tokens = LogSoftmax.TokensOf(block, block + 1, vocabulary);
            (maxima[(row * blocks) + block], sums[(row * blocks) + block]) = LogSumExp.Block(logits[tokens], factor);
        }
    }

    /// <summary>log softmax of one of a row's logits.</summary>
    public double LogProbability(int row, float logit)
    {
        var all = Join(row);
        return ((double)logit - all.Max) * factors[row] - all.Log;
    }

    /// <summary>Whether the largest logit of a row, all blocks of which were added, is finite, and each of the others a number.</summary>
    public bool IsFinite(int row) => float.IsFinite(LogSumExp.Largest(maxima.AsSpan(row * blocks, blocks)));

    /// <summary>The largest of a row's logits.</summary>
    public float Largest(int row) => Join(row).Max;

    /// <summary>The token of the largest logit; of equals the lowest.</summary>
    public int Likeliest(int row, ReadOnlySpan<float> logits)
    {
        var max = Join(row).Max;
        var block = maxima.AsSpan(row * blocks, blocks).IndexOf(max);
        return block * LogSumExp.BlockNumbers + logits[LogSoftmax.TokensOf(block, block + 1, vocabulary)].IndexOf(max);
    }

    /// <summary>
    /// The token at which the cumulative distribution, by token id, passes <paramref name="uniform"/> in [0, 1), and log p of it there.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="uniform">In [0, 1).</param>
    /// <param name="logits">Of the row, [vocabulary].</param>
    /// <param name="allowed">The tokens of which the likeliest of the row is one; null for all.</param>
    public (int Token, double LogProbability) Draw(int row, double uniform, ReadOnlySpan<float> logits, TokenSet? allowed = null)
    {
        var all = Join(row);
        var own = sums.AsSpan(row * blocks, blocks);
        var total = all.Total;
        double[]? masked = null;
        Span<float> weights = stackalloc float[LogSumExp.BlockNumbers];

        if (allowed is not null)
        {
            masked = own.ToArray();
            total = 0;

            for (var block = 0; block < blocks; block++)
            {
                total += masked[block] = allowed.IsPartial(block) ? Weigh(row, block, logits, allowed, weights).Sum : own[block];
            }

            own = masked;
        }

        var token = Walk(row, uniform * total, logits, allowed, own, weights);
        return (token, ((double)logits[token] - all.Max) * factors[row] - Math.Log(total));
    }

    private int Walk(
        int row, double rest, ReadOnlySpan<float> logits, TokenSet? allowed, ReadOnlySpan<double> own, Span<float> weights)
    {
        var (likely, last) = (0, own.LastIndexOfAnyExcept(0.0));

        // Rounding may leave a little over at the end of a block: then it is the next token of any weight, or the last one.
        for (var block = 0; block <= last; block++)
        {
            if (rest >= own[block] && block < last)
            {
                rest -= own[block];
                continue;
            }

            var first = block * LogSumExp.BlockNumbers;
            var count = Weigh(row, block, logits, allowed, weights).Count;
            for (var token = 0; token < count; token++)
            {
                if (weights[token] > 0)
                {
                    likely = first + token;
                    if ((rest -= weights[token]) < 0)
                    {
                        return likely;
                    }
                }
            }

            rest = 0;
        }

        return likely;
    }

    /// <summary>The weights of a block's tokens, 0 for those that are not allowed, their number and their sum.</summary>
    private (int Count, double Sum) Weigh(int row, int block, ReadOnlySpan<float> logits, TokenSet? allowed, Span<float> weights)
    {
        var tokens = LogSoftmax.TokensOf(block, block + 1, vocabulary);
        var some = logits[tokens];
        weights = weights[..some.Length];

        if (allowed?.IsPartial(block) == true)
        {
            allowed.Mask(some, tokens.Start.Value, weights);
            some = weights;
        }

        return (some.Length, LogSumExp.Exponentials(some, joined[row]!.Value.Max, factors[row], weights));
    }

    /// <summary>Brings the sums of a row, all of them added, to its largest logit. By one thread; afterwards several may read the row.</summary>
    /// <exception cref="InvalidOperationException">The largest logit is not finite, or some logit is not a number.</exception>
    public Joined Join(int row)
    {
        if (joined[row] is { } known)
        {
            return known;
        }

        var own = sums.AsSpan(row * blocks, blocks);
        var largest = maxima.AsSpan(row * blocks, blocks);
        var max = LogSoftmax.Finite(LogSumExp.Largest(largest), vocabulary);
        Span<float> scales = stackalloc float[LogSumExp.BlockNumbers];
        var total = 0.0;

        for (var first = 0; first < blocks; first += scales.Length)
        {
            var some = largest[first..Math.Min(blocks, first + scales.Length)];
            LogSumExp.Exponentials(some, max, factors[row], scales[..some.Length]);
            for (var i = 0; i < some.Length; i++)
            {
                total += own[first + i] *= scales[i];
            }
        }

        joined[row] = new(max, total, Math.Log(total));
        return joined[row]!.Value;
    }
}

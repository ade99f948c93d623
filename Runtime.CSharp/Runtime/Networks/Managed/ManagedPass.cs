using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Rows;
using A3.Kernels.Threads;
using A3.Model;
using A3.Runtime.Sampling;

namespace A3.Runtime.Networks.Managed;

/// <summary>Forward passes over the rows of one or several sequences, which are the rows of every product.</summary>
/// <remarks>Its buffers grow to the largest pass and are used again: a decode step allocates nothing.</remarks>
internal sealed unsafe class ManagedPass
{
    /// <summary>Multiply-adds that rotating and caching a head of a row is worth, about.</summary>
    private const long RotationCost = 1 << 14;

    private readonly ManagedNetwork network;
    private readonly Model.Architecture architecture;
    private readonly ManagedAttention attention;
    private readonly RowNorm norm;
    private readonly ManagedProjection projection;
    private readonly ManagedMlp mlp;
    private readonly WorkerPool pool;
    private readonly RowRotation rotation;
    private readonly ManagedEmbedding embedding;
    private readonly HostPredictions predictions;
    private readonly int queryWidth;

    private readonly RangeWork rotate;
    private readonly RangeWork attend;
    private readonly RangeWork rotateAndAttend;
    private readonly RangeWork addAttention;
    private readonly RangeWork predict;

    private int capacity;
    private AlignedBuffer hidden = new(0);
    private AlignedBuffer attended = new(0);

    private KeyValueCache[] caches = [];
    private int rows;
    private int layer;
    private float* logits;

    public ManagedPass(ManagedNetwork network)
    {
        this.network = network;
        architecture = network.Architecture;
        pool = network.Pool;
        predictions = new HostPredictions(architecture.Vocabulary, pool);
        attention = new ManagedAttention(architecture, network.CacheLayout, pool.Workers);
        norm = new RowNorm(architecture.Width, (float)architecture.NormEpsilon, pool);
        projection = new ManagedProjection(network, norm);
        mlp = new ManagedMlp(network);
        rotation = new RowRotation(network);
        embedding = new ManagedEmbedding(network, rotation);
        queryWidth = ArchitectureModule.queryWidth(architecture);

        rotate = Rotate;
        attend = Attend;
        rotateAndAttend = RotateAndAttend;
        addAttention = AddAttention;
        predict = Predict;
    }

    /// <summary>Panels of the head that hold the logits of a block of tokens.</summary>
    private static int PanelsOfBlock => LogSumExp.BlockNumbers / PanelKernel.Columns;

    private ManagedBlock Block => network.Weights.Blocks[layer];

    /// <summary>Numbers that its buffers hold.</summary>
    public long Numbers => hidden.Length + norm.Numbers + projection.Numbers + attended.Length + predictions.Numbers;

    public IPredictions Run(ReadOnlySpan<PassRows> batch)
    {
        using var lease = network.Use();
        Rows.Check(network, batch);
        if (caches.Length < batch.Length)
        {
            caches = new KeyValueCache[batch.Length];
        }

        for (var i = 0; i < batch.Length; i++)
        {
            caches[i] = ((ManagedSequence)batch[i].Sequence).Cache;
        }

        Lay(batch);
        RunBlocks(batch);
        RequireFinite(batch);
        for (var i = 0; i < batch.Length; i++)
        {
            caches[i].Length += batch[i].Content.Length;
        }

        return predictions;
    }

    private void RunBlocks(ReadOnlySpan<PassRows> batch)
    {
        for (layer = 0; rows > 0 && layer < architecture.Layers; layer++)
        {
            RunBlock(batch);
        }

        Predict();
    }

    /// <summary>
    /// Whatever overflows on the way is not finite at its end: in some row of logits, or, where nothing is predicted, among the last keys and
    /// values.
    /// </summary>
    /// <exception cref="A3Exception">Names the layer.</exception>
    private void RequireFinite(ReadOnlySpan<PassRows> batch)
    {
        var isFinite = rows > 0 ? predictions.AreFinite() : RowMath.AreFinite(projection.Pointer, projection.Rows * (nint)projection.Stride);
        if (!isFinite)
        {
            throw Overflow.In(FirstOverflow(batch), NumberType.Float32);
        }
    }

    /// <summary>The first layer behind which a number is not finite, by running the pass anew; null for the output head.</summary>
    private int? FirstOverflow(ReadOnlySpan<PassRows> batch)
    {
        Lay(batch);
        for (layer = 0; rows > 0 && layer < architecture.Layers; layer++)
        {
            RunBlock(batch);
            if (rows == 0 || !RowMath.AreFinite(hidden.Pointer, (nint)rows * architecture.Width))
            {
                return layer;
            }
        }

        return null;
    }

    /// <summary>One block; of the last one only the keys and values of rows that predict nothing are needed.</summary>
    private void RunBlock(ReadOnlySpan<PassRows> batch)
    {
        norm.Begin(hidden.Pointer, rows, Block.AttentionNorm);
        projection.Run(Block.QueryKeyValue);
        RunAttention(batch);

        if (rows == 0)
        {
            return;
        }

        pool.Run(Block.AttentionOutput.Panels, Block.AttentionOutput.PanelCost(rows), addAttention);
        RunMlp();
    }

    private void RunMlp()
    {
        if (architecture.Residual.IsPreNorm)
        {
            norm.Begin(hidden.Pointer, rows, Block.MlpNorm);
            mlp.Run(layer, rows, norm, hidden.Pointer);
        }
        else
        {
            norm.Replace(hidden.Pointer, rows, Block.MlpNorm);
            mlp.Run(layer, rows, null, hidden.Pointer);
        }
    }

    /// <summary>
    /// Between blocks, the worker that rotates a head of a few rows attends to it at once, while it is in its cache: one loop less, and
    /// nothing to carry from one core to another.
    /// </summary>
    private void RunAttention(ReadOnlySpan<PassRows> batch)
    {
        var isLast = layer + 1 == architecture.Layers;

        if (attention.HasWholeSequences && !isLast)
        {
            var rotationCost = RotationCost * architecture.KvHeads * rows / attention.Items;
            pool.Run(attention.Items, attention.ItemCost + rotationCost, rotateAndAttend);
            return;
        }

        pool.Run(rows * architecture.KvHeads, RotationCost, rotate);

        if (isLast)
        {
            KeepPredicting(batch);
        }

        pool.Run(attention.Items, attention.ItemCost, attend);
    }

    /// <summary>Moves the rows that predict together, in order, and forgets the others.</summary>
    private void KeepPredicting(ReadOnlySpan<PassRows> batch)
    {
        var (from, to) = (0, 0);
        foreach (var sequence in batch)
        {
            var kept = sequence.Predictions;
            from += sequence.Rows;
            Move(hidden.Pointer, architecture.Width, from - kept, to, kept);
            Move(projection.Pointer, projection.Stride, from - kept, to, kept);
            to += kept;
        }

        attention.KeepPredicting(batch);
        rows = to;
    }

    private static void Move(float* numbers, nint width, int from, int to, int count)
    {
        if (from != to)
        {
            new Span<float>(numbers + from * width, (int)(count * width))
                .CopyTo(new Span<float>(numbers + to * width, (int)(count * width)));
        }
    }

    private void Predict()
    {
        var target = predictions.Renew(rows);
        if (rows == 0)
        {
            return;
        }

        fixed (float* pinned = target)
        {
            logits = pinned;
            norm.Begin(hidden.Pointer, rows, network.Weights.FinalNorm);
            var head = network.Weights.Head;
            pool.Run(LogSoftmax.BlocksOf(architecture.Vocabulary), PanelsOfBlock * head.PanelCost(rows), predict);
            predictions.AreSummed();
        }
    }

    private void Grow()
    {
        if (rows <= capacity)
        {
            return;
        }

        capacity = Math.Max(rows, Math.Min(2 * capacity, architecture.Context));
        rotation.Grow(capacity);
        embedding.Grow(capacity);
        hidden = new AlignedBuffer((long)capacity * architecture.Width);
        norm.Grow(capacity);
        projection.Grow(capacity);
        attended = new AlignedBuffer((long)capacity * queryWidth);
    }

    /// <summary>Embeds all rows, sequence after sequence, content rows first, and reserves their places in the caches.</summary>
    private void Lay(ReadOnlySpan<PassRows> batch)
    {
        rows = projection.Set(batch);
        Grow();
        for (int i = 0, row = 0; i < batch.Length; row += batch[i].Rows, i++)
        {
            caches[i].Reserve(caches[i].Length + batch[i].Content.Length);
            embedding.Set(row, batch[i], caches[i]);
        }

        embedding.Run(rows, hidden.Pointer);
        attention.Begin(batch, caches.AsSpan(0, batch.Length), rows);
    }

    /// <summary>One item is a row and a head of keys.</summary>
    private void Rotate(int worker, int start, int end)
    {
        for (var item = start; item < end; item++)
        {
            Rotate(item / architecture.KvHeads, item % architecture.KvHeads);
        }
    }

    private void Rotate(int row, int kvHead) => rotation.Rotate(layer, row, kvHead, projection.Pointer + (nint)row * projection.Stride);

    private void RotateAndAttend(int worker, int start, int end)
    {
        for (var item = start; item < end; item++)
        {
            var (kvHead, first, count) = attention.Item(item);
            for (var row = first; row < first + count; row++)
            {
                Rotate(row, kvHead);
            }

            Attend(worker, item, item + 1);
        }
    }

    private void Attend(int worker, int start, int end) =>
        attention.Run(worker, layer, start, end, projection.Pointer, projection.Stride, attended.Pointer);

    private void AddAttention(int worker, int start, int end) =>
        Block.AttentionOutput.Multiply(
            attended.Pointer, queryWidth, rows, start, end, hidden.Pointer, architecture.Width, accumulate: true);

    /// <summary>The worker that computes a block of logits sums it at once, while it is in its cache.</summary>
    private void Predict(int worker, int start, int end)
    {
        var head = network.Weights.Head;
        var normalised = norm.Of(worker);
        for (var block = start; block < end; block++)
        {
            var (first, last) = (block * PanelsOfBlock, Math.Min((block + 1) * PanelsOfBlock, head.Panels));
            head.Multiply(normalised, architecture.Width, rows, first, last, logits, architecture.Vocabulary, accumulate: false);
            predictions.Sum(block, block + 1);
        }
    }
}

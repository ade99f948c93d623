using A3.Model;

namespace A3.Runtime;

/// <summary>Forward passes over the rows of one or several sequences, which are the rows of every product.</summary>
/// <remarks>Its buffers grow to the largest pass and are used again: a decode step allocates nothing.</remarks>
internal sealed unsafe class ManagedPass : IPass
{
    /// <summary>Multiply-adds that rotating and caching a head of a row is worth, about.</summary>
    private const long RotationCost = 1 << 14;

    private readonly ManagedNetwork network;
    private readonly Model.Architecture architecture;
    private readonly ManagedAttention attention;
    private readonly ManagedMlp mlp;
    private readonly WorkerTeam team;
    private readonly RowRotation rotation;
    private readonly HostPredictions predictions;
    private readonly int queryWidth;
    private readonly int fusedWidth;
    private readonly int queryShift;

    /// <summary>Panels of the fused projection that hold some query output; keys and values fill the others.</summary>
    private readonly int queryPanels;

    private readonly TeamWork normaliseBeforeAttention;
    private readonly TeamWork project;
    private readonly TeamWork rotate;
    private readonly TeamWork attend;
    private readonly TeamWork rotateAndAttend;
    private readonly TeamWork addAttention;
    private readonly TeamWork normaliseBeforeMlp;
    private readonly TeamWork normaliseForHead;
    private readonly TeamWork predict;

    private int room;
    private AlignedBuffer hidden = new(0);
    private AlignedBuffer normed = new(0);
    private AlignedBuffer fused = new(0);
    private AlignedBuffer attended = new(0);

    /// <summary>Neighbouring content rows: where they start, and how many.</summary>
    private readonly List<(int First, int Count)> contentRuns = [];

    private KeyValueCache[] caches = [];
    private int rows;
    private int layer;
    private float* logits;

    public ManagedPass(ManagedNetwork network)
    {
        this.network = network;
        architecture = network.Architecture;
        team = network.Team;
        predictions = new HostPredictions(architecture.Vocabulary, team);
        attention = new ManagedAttention(architecture, network.CacheLayout, team.Size);
        mlp = new ManagedMlp(network);
        rotation = new RowRotation(network);
        queryWidth = ArchitectureModule.queryWidth(architecture);
        fusedWidth = queryWidth + 2 * ArchitectureModule.kvWidth(architecture);
        queryShift = ArchitectureModule.queryShift(architecture);
        queryPanels = (queryWidth + PanelKernel.Columns - 1) / PanelKernel.Columns;

        normaliseBeforeAttention = NormaliseBeforeAttention;
        project = Project;
        rotate = Rotate;
        attend = Attend;
        rotateAndAttend = RotateAndAttend;
        addAttention = AddAttention;
        normaliseBeforeMlp = NormaliseBeforeMlp;
        normaliseForHead = NormaliseForHead;
        predict = Predict;
    }

    private ManagedBlock Block => network.Weights.Blocks[layer];

    private float* MlpInput => architecture.Residual.IsPreNorm ? normed.Pointer : hidden.Pointer;

    public IPredictions Run(ReadOnlySpan<PassRows> batch)
    {
        network.ThrowIfDisposed();
        Rows.Check(network, batch);
        Lay(batch);
        attention.Begin(batch, caches.AsSpan(0, batch.Length), rows);

        for (layer = 0; rows > 0 && layer < architecture.Layers; layer++)
        {
            RunBlock(batch);
        }

        Predict();
        for (var i = 0; i < batch.Length; i++)
        {
            caches[i].Length += batch[i].Content.Length;
        }

        return predictions;
    }

    public void Dispose()
    {
        // All memory is the collector's.
    }

    /// <summary>One block; of the last one only the keys and values of rows that predict nothing are needed.</summary>
    private void RunBlock(ReadOnlySpan<PassRows> batch)
    {
        var width = architecture.Width;
        team.Run(rows, width, normaliseBeforeAttention);
        ForPanels(Block.QueryKeyValue, project);
        RunAttention(batch);

        if (rows == 0)
        {
            return;
        }

        ForPanels(Block.AttentionOutput, addAttention);
        team.Run(rows, width, normaliseBeforeMlp);
        mlp.Run(layer, rows, MlpInput, hidden.Pointer);
    }

    /// <summary>
    /// Between blocks, whoever rotates a head of a few rows attends to it at once, while it is in his cache: one loop less, and
    /// nothing to carry from one core to another.
    /// </summary>
    private void RunAttention(ReadOnlySpan<PassRows> batch)
    {
        var isLast = layer + 1 == architecture.Layers;

        if (attention.HasWholeSequences && !isLast)
        {
            var rotationCost = RotationCost * architecture.KvHeads * rows / attention.Items;
            team.Run(attention.Items, attention.ItemCost + rotationCost, rotateAndAttend);
            return;
        }

        team.Run(rows * architecture.KvHeads, RotationCost, rotate);

        if (isLast)
        {
            KeepPredicting(batch);
        }

        team.Run(attention.Items, attention.ItemCost, attend);
    }

    /// <summary>Moves the rows that predict together, in order, and forgets the others.</summary>
    private void KeepPredicting(ReadOnlySpan<PassRows> batch)
    {
        var (from, to) = (0, 0);
        foreach (var sequence in batch)
        {
            var kept = sequence.Predictions;
            from += sequence.Rows;
            Move(hidden, architecture.Width, from - kept, to, kept);
            Move(fused, fusedWidth, from - kept, to, kept);
            to += kept;
        }

        attention.KeepPredicting(batch);
        rows = to;
    }

    private static void Move(AlignedBuffer buffer, nint width, int from, int to, int count)
    {
        if (from != to)
        {
            new Span<float>(buffer.Pointer + from * width, (int)(count * width))
                .CopyTo(new Span<float>(buffer.Pointer + to * width, (int)(count * width)));
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
            team.Run(rows, architecture.Width, normaliseForHead);
            ForPanels(network.Weights.Head, predict);
        }
    }

    private void MakeRoom()
    {
        if (rows <= room)
        {
            return;
        }

        room = Math.Max(rows, Math.Min(2 * room, architecture.Context));
        rotation.MakeRoom(room);
        hidden = new AlignedBuffer((long)room * architecture.Width);
        normed = new AlignedBuffer((long)room * architecture.Width);
        fused = new AlignedBuffer((long)room * fusedWidth);
        attended = new AlignedBuffer((long)room * queryWidth);
    }

    /// <summary>Embeds all rows, sequence after sequence, content rows first, and reserves their places in the caches.</summary>
    private void Lay(ReadOnlySpan<PassRows> batch)
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

        MakeRoom();
        if (caches.Length < batch.Length)
        {
            caches = new KeyValueCache[batch.Length];
        }

        for (int i = 0, row = 0; i < batch.Length; row += batch[i].Rows, i++)
        {
            var cache = caches[i] = ((ManagedSequence)batch[i].Sequence).Cache;
            cache.Reserve(cache.Length + batch[i].Content.Length);
            LayContent(batch[i].Content.Span, cache, row);
            LayQueries(batch[i].Queries.Span, cache, cache.Length + batch[i].Content.Length, row + batch[i].Content.Length);
        }
    }

    private void LayContent(ReadOnlySpan<ContentRow> content, KeyValueCache cache, int first)
    {
        for (var i = 0; i < content.Length; i++)
        {
            network.Weights.Embed(content[i].Token, hidden.Pointer + (nint)(first + i) * architecture.Width);
            rotation.Set(first + i, content[i].Position, (cache, cache.Length + i));
            cache.Committed.Set(cache.Length + i, content[i]);
        }
    }

    /// <summary>Queries of a sequence of so many rows, those of this pass included.</summary>
    private void LayQueries(ReadOnlySpan<QueryRow> queries, KeyValueCache cache, int committed, int first)
    {
        for (var i = 0; i < queries.Length; i++)
        {
            var target = hidden.Pointer + (nint)(first + i) * architecture.Width;
            if (architecture.QueryStream.IsPreceding && cache.Committed.Preceding(queries[i], committed) is { } token)
            {
                network.Weights.Embed(token, target);
            }
            else
            {
                new ReadOnlySpan<float>(network.Weights.QueryEmbedding!.Pointer, architecture.Width)
                    .CopyTo(new Span<float>(target, architecture.Width));
            }

            rotation.Set(first + i, queries[i].Position - queryShift, null);
        }
    }

    private void ForPanels(PackedMatrix matrix, TeamWork work) =>
        team.Run(matrix.Panels, matrix.PanelCost(rows), work);

    private void Normalise(float* source, AlignedBuffer gain, float* target, int start, int end)
    {
        for (nint row = start; row < end; row++)
        {
            RowMath.Normalise(
                source + row * architecture.Width,
                gain.Pointer,
                architecture.Width,
                (float)architecture.NormEpsilon,
                target + row * architecture.Width);
        }
    }

    private void NormaliseBeforeAttention(int worker, int start, int end) =>
        Normalise(hidden.Pointer, Block.AttentionNorm, normed.Pointer, start, end);

    private void NormaliseBeforeMlp(int worker, int start, int end) =>
        Normalise(hidden.Pointer, Block.MlpNorm, MlpInput, start, end);

    private void NormaliseForHead(int worker, int start, int end) =>
        Normalise(hidden.Pointer, network.Weights.FinalNorm, normed.Pointer, start, end);

    /// <summary>Queries of all rows; keys and values of content rows only, nobody attends to the others.</summary>
    private void Project(int worker, int start, int end)
    {
        var border = Math.Clamp(queryPanels, start, end);
        Project(0, rows, start, border);

        foreach (var (first, count) in contentRuns)
        {
            Project(first, count, border, end);
        }
    }

    private void Project(nint first, int count, int start, int end) =>
        Block.QueryKeyValue.Multiply(
            normed.Pointer + first * architecture.Width,
            architecture.Width,
            count,
            start,
            end,
            fused.Pointer + first * fusedWidth,
            fusedWidth,
            accumulate: false);

    /// <summary>One item is a row and a head of keys.</summary>
    private void Rotate(int worker, int start, int end)
    {
        for (var item = start; item < end; item++)
        {
            Rotate(item / architecture.KvHeads, item % architecture.KvHeads);
        }
    }

    private void Rotate(int row, int kvHead) => rotation.Turn(layer, row, kvHead, fused.Pointer + (nint)row * fusedWidth);

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
        attention.Run(worker, layer, start, end, fused.Pointer, fusedWidth, attended.Pointer);

    private void AddAttention(int worker, int start, int end) =>
        Block.AttentionOutput.Multiply(
            attended.Pointer, queryWidth, rows, start, end, hidden.Pointer, architecture.Width, accumulate: true);

    private void Predict(int worker, int start, int end) =>
        network.Weights.Head.Multiply(
            normed.Pointer, architecture.Width, rows, start, end, logits, architecture.Vocabulary, accumulate: false);
}

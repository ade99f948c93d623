using A3.Model;

namespace A3.Runtime;

/// <summary>One forward pass over one cache: content rows, then query rows, as the rows of every product.</summary>
/// <remarks>Its buffers grow to the largest pass and are used again: a decode step allocates nothing.</remarks>
internal sealed unsafe class ManagedPass
{
    private readonly ManagedNetwork network;
    private readonly Model.Architecture architecture;
    private readonly KeyValueCache cache;
    private readonly ManagedAttention attention;
    private readonly ManagedMlp mlp;
    private readonly WorkerTeam team;
    private readonly int queryWidth;
    private readonly int fusedWidth;
    private readonly TeamWork normaliseBeforeAttention;
    private readonly TeamWork project;
    private readonly TeamWork rotate;
    private readonly TeamWork attend;
    private readonly TeamWork addAttention;
    private readonly TeamWork normaliseBeforeMlp;
    private readonly TeamWork normaliseForHead;
    private readonly TeamWork predict;

    private int room;
    private AlignedBuffer hidden = new(0);
    private AlignedBuffer normed = new(0);
    private AlignedBuffer fused = new(0);
    private AlignedBuffer attended = new(0);
    private AlignedBuffer angles = new(0);

    private int rows;
    private int contentRows;
    private int layer;
    private int firstRow;
    private float* logits;

    public ManagedPass(ManagedNetwork network, KeyValueCache cache)
    {
        this.network = network;
        this.cache = cache;
        architecture = network.Architecture;
        team = network.Team;
        attention = new ManagedAttention(architecture, cache, team.Size);
        mlp = new ManagedMlp(network);
        queryWidth = ArchitectureModule.queryWidth(architecture);
        fusedWidth = queryWidth + 2 * ArchitectureModule.kvWidth(architecture);

        normaliseBeforeAttention = NormaliseBeforeAttention;
        project = Project;
        rotate = Rotate;
        attend = Attend;
        addAttention = AddAttention;
        normaliseBeforeMlp = NormaliseBeforeMlp;
        normaliseForHead = NormaliseForHead;
        predict = Predict;
    }

    private int Half => architecture.HeadWidth / 2;

    private ManagedBlock Block => network.Weights.Blocks[layer];

    private float* MlpInput => architecture.Residual.IsPreNorm ? normed.Pointer : hidden.Pointer;

    /// <summary>Runs rows that were checked before; logits as in <see cref="ISequence.Forward"/>.</summary>
    public void Run(
        ReadOnlySpan<ContentRow> content,
        ReadOnlySpan<QueryRow> queries,
        Span<float> queryLogits,
        Span<float> contentLogits)
    {
        rows = content.Length + queries.Length;
        contentRows = content.Length;
        MakeRoom();
        Embed(content, queries);
        attention.Begin(content, queries);

        for (layer = 0; layer < architecture.Layers; layer++)
        {
            RunBlock(wanted: layer + 1 < architecture.Layers || !contentLogits.IsEmpty ? 0 : contentRows);
        }

        WriteLogits(0, contentLogits);
        WriteLogits(contentRows, queryLogits);
        cache.Length += contentRows;
    }

    /// <summary>One block; rows before <paramref name="wanted"/> leave their keys and values, and are not computed further.</summary>
    private void RunBlock(int wanted)
    {
        var width = architecture.Width;
        firstRow = 0;
        ForRows(width, normaliseBeforeAttention);
        ForPanels(Block.QueryKeyValue, rows, project);
        ForRows(fusedWidth, rotate);

        firstRow = wanted;
        if (firstRow == rows)
        {
            return;
        }

        team.Run(attention.Items(rows - firstRow), attention.ItemCost, attend);
        ForPanels(Block.AttentionOutput, rows - firstRow, addAttention);
        ForRows(width, normaliseBeforeMlp);

        var start = (nint)firstRow * width;
        mlp.Run(layer, rows - firstRow, MlpInput + start, hidden.Pointer + start);
    }

    private void WriteLogits(int first, Span<float> target)
    {
        if (target.IsEmpty)
        {
            return;
        }

        firstRow = first;
        rows = first + target.Length / architecture.Vocabulary;
        fixed (float* pinned = target)
        {
            logits = pinned;
            ForRows(architecture.Width, normaliseForHead);
            ForPanels(network.Weights.Head, rows - firstRow, predict);
        }
    }

    private void MakeRoom()
    {
        if (rows <= room)
        {
            return;
        }

        room = Math.Max(rows, Math.Min(2 * room, architecture.Context));
        hidden = new AlignedBuffer((long)room * architecture.Width);
        normed = new AlignedBuffer((long)room * architecture.Width);
        fused = new AlignedBuffer((long)room * fusedWidth);
        attended = new AlignedBuffer((long)room * queryWidth);
        angles = new AlignedBuffer((long)room * 2 * Half);
    }

    private void Embed(ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        for (var i = 0; i < content.Length; i++)
        {
            network.Weights.Embed(content[i].Token, hidden.Pointer + (nint)i * architecture.Width);
            SetAngles(i, content[i].Position);
        }

        for (var i = 0; i < queries.Length; i++)
        {
            var row = contentRows + i;
            new ReadOnlySpan<float>(network.Weights.QueryEmbedding!.Pointer, architecture.Width)
                .CopyTo(new Span<float>(hidden.Pointer + (nint)row * architecture.Width, architecture.Width));
            SetAngles(row, queries[i].Position);
        }
    }

    /// <summary>Cosines, then sines of RoPE's angles at a position; they serve all blocks.</summary>
    private void SetAngles(int row, int position)
    {
        var target = angles.Pointer + (nint)row * 2 * Half;
        for (var i = 0; i < Half; i++)
        {
            var (sine, cosine) = Math.SinCos(position * network.InverseFrequencies[i]);
            target[i] = (float)cosine;
            target[Half + i] = (float)sine;
        }
    }

    private void ForRows(int cost, TeamWork work) => team.Run(rows - firstRow, cost, work);

    private void ForPanels(PackedMatrix matrix, int rowCount, TeamWork work) =>
        team.Run(matrix.Panels, matrix.PanelCost(rowCount), work);

    private void Normalise(float* source, AlignedBuffer gain, float* target, int start, int end)
    {
        for (nint row = firstRow + start; row < firstRow + end; row++)
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

    private void Project(int worker, int start, int end) =>
        Block.QueryKeyValue.Multiply(
            normed.Pointer, architecture.Width, rows, start, end, fused.Pointer, fusedWidth, accumulate: false);

    private void Rotate(int worker, int start, int end)
    {
        var headWidth = architecture.HeadWidth;
        var rotatedHeads = architecture.Heads + architecture.KvHeads;

        for (var row = start; row < end; row++)
        {
            var heads = fused.Pointer + (nint)row * fusedWidth;
            var cosines = angles.Pointer + (nint)row * 2 * Half;
            for (var head = 0; head < rotatedHeads; head++)
            {
                RowMath.Rotate(heads + head * headWidth, cosines, cosines + Half, Half);
            }

            for (var head = 0; row < contentRows && head < architecture.KvHeads; head++)
            {
                var key = heads + queryWidth + head * headWidth;
                var value = key + architecture.KvHeads * headWidth;
                cache.Write(layer, head, cache.Length + row, key, value);
            }
        }
    }

    private void Attend(int worker, int start, int end) =>
        attention.Run(worker, layer, firstRow, rows, start, end, fused.Pointer, fusedWidth, attended.Pointer);

    private void AddAttention(int worker, int start, int end) =>
        Block.AttentionOutput.Multiply(
            attended.Pointer + (nint)firstRow * queryWidth,
            queryWidth,
            rows - firstRow,
            start,
            end,
            hidden.Pointer + (nint)firstRow * architecture.Width,
            architecture.Width,
            accumulate: true);

    private void Predict(int worker, int start, int end) =>
        network.Weights.Head.Multiply(
            normed.Pointer + (nint)firstRow * architecture.Width,
            architecture.Width,
            rows - firstRow,
            start,
            end,
            logits,
            architecture.Vocabulary,
            accumulate: false);
}

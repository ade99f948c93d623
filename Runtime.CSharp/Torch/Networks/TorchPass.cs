using System.Runtime.InteropServices;
using A3.Runtime.Networks;
using A3.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Networks;

/// <summary>
/// Forward passes on libtorch: the linear layers take the rows of all sequences at once, attention each sequence by itself.
/// </summary>
internal sealed class TorchPass(TorchNetwork network) : IPass
{
    private readonly TorchPredictions predictions = new(network);

    public IPredictions Run(ReadOnlySpan<PassRows> batch)
    {
        using var lease = network.Use();
        Rows.Check(network, batch);
        using var threads = network.LimitThreads();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();

        var sequences = new CachedRows[batch.Length];
        for (var i = 0; i < batch.Length; i++)
        {
            sequences[i] = Lay(batch[i]);
        }

        var lengths = Array.ConvertAll(sequences, sequence => sequence.Cache.Length);
        try
        {
            var (rows, wanted) = TensorsOf(batch);
            predictions.Renew(Logits(sequences, lengths, rows, wanted));
            return predictions;
        }
        catch (Exception error)
        {
            Crop(sequences, lengths);
            if (error is ExternalException failure && TorchMemory.IsShort(failure))
            {
                throw TorchMemory.Short($"a pass of {batch.Length} sequences", failure);
            }

            throw;
        }
    }

    public void Dispose() => predictions.Dispose();

    /// <summary>float32 [row, vocabulary] of the rows that predict.</summary>
    /// <exception cref="A3Exception">A number is not finite: names the layer.</exception>
    private Tensor Logits(CachedRows[] sequences, int[] lengths, RowTensors rows, Tensor wanted)
    {
        var hidden = Cached.forward(network.Architecture, network.Weights, sequences, rows);
        var logits = TwoStream.logits(network.Architecture, network.Weights, hidden.squeeze(0).index_select(0, wanted))
            .to_type(ScalarType.Float32);
        if (Numbers.areNormable(hidden) && Numbers.areFinite(logits))
        {
            return logits;
        }

        Crop(sequences, lengths);
        var layer = Cached.firstOverflow(network.Architecture, network.Weights, sequences, rows);
        throw Overflow.In(layer?.Value, TensorTypes.Of(network.Weights.Computes));
    }

    private static void Crop(CachedRows[] sequences, int[] lengths)
    {
        for (var i = 0; i < sequences.Length; i++)
        {
            sequences[i].Cache.Length = lengths[i];
        }
    }

    /// <summary>
    /// The content rows of all sequences, then the query rows of all; and the rows that predict, [row]. One copy to the device.
    /// </summary>
    private (RowTensors Rows, Tensor Wanted) TensorsOf(ReadOnlySpan<PassRows> batch)
    {
        List<long> tokens = [], positions = [], queryPositions = [], preceding = [];
        foreach (var rows in batch)
        {
            foreach (var row in rows.Content.Span)
            {
                tokens.Add(row.Token);
                positions.Add(row.Position);
            }

            var sequence = (TorchSequence)rows.Sequence;
            foreach (var row in rows.Queries.Span)
            {
                queryPositions.Add(row.Position);
                preceding.Add(sequence.Committed.Preceding(row, sequence.Length + rows.Content.Length) ?? -1);
            }
        }

        var wanted = WantedRows(batch);
        var all = Numbers.place(network.Device, tensor((long[])[.. tokens, .. positions, .. queryPositions, .. preceding, .. wanted]));
        var start = 0L;
        Tensor Next(int count) => all.narrow(0, (start += count) - count, count);
        Tensor Row(List<long> numbers) => Next(numbers.Count).unsqueeze(0);
        return (new RowTensors(Row(tokens), Row(positions), Row(queryPositions), Row(preceding)), Next(wanted.Length));
    }

    /// <summary>The rows that predict, sequence after sequence.</summary>
    private static long[] WantedRows(ReadOnlySpan<PassRows> batch)
    {
        var content = 0L;
        foreach (var rows in batch)
        {
            content += rows.Content.Length;
        }

        var wanted = new List<long>();
        var (contentEnd, query) = (0L, content);
        foreach (var rows in batch)
        {
            contentEnd += rows.Content.Length;
            wanted.AddRange(Sequence(contentEnd - rows.Predicting, rows.Predicting));
            wanted.AddRange(Sequence(query, rows.Queries.Length));
            query += rows.Queries.Length;
        }

        return [.. wanted];
    }

    private static IEnumerable<long> Sequence(long start, int count) =>
        Enumerable.Range(0, count).Select(offset => start + offset);

    private static CachedRows Lay(in PassRows rows)
    {
        var sequence = (TorchSequence)rows.Sequence;
        var content = rows.Content.Span;
        for (var row = 0; row < content.Length; row++)
        {
            sequence.Committed.Set(sequence.Length + row, content[row]);
        }

        return new(sequence.Cache, content.Length, rows.Queries.Length, MaskOf(sequence, content, rows.Queries.Span));
    }

    /// <summary>bool [1, 1, row, key], or none where every row sees every key, as in the steps of groupwise decoding.</summary>
    private static FSharpOption<Tensor> MaskOf(
        TorchSequence sequence, ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        var keys = sequence.Committed.Ranks[..(sequence.Length + content.Length)];
        var rows = content.Length + queries.Length;
        var mask = new bool[rows * keys.Length];
        for (var row = 0; row < rows; row++)
        {
            var last = row < content.Length ? content[row].Rank : queries[row - content.Length].Rank - 1;
            for (var key = 0; key < keys.Length; key++)
            {
                mask[row * keys.Length + key] = keys[key] <= last;
            }
        }

        return mask.Contains(false)
            ? FSharpOption<Tensor>.Some(
                Numbers.place(((TorchNetwork)sequence.Network).Device, tensor(mask)).reshape(1, 1, rows, keys.Length))
            : FSharpOption<Tensor>.None;
    }
}

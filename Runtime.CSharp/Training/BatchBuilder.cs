using A3.Model;
using A3.Model.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>Turns rows of the corpus and one drawing per row into the tensors of a step.</summary>
internal sealed class BatchBuilder(Corpus corpus, TorchSharp.torch.Device device)
{
    /// <summary>
    /// The batch of these rows under their drawings; padded to the longest row; with causal targets where they are wanted
    /// and some row has them. The tensors belong to the caller's dispose scope.
    /// </summary>
    public Batch Build(Row[] rows, Drawing[] drawings, bool withCausal)
    {
        var width = rows.Max(row => row.Length) + 1;
        var tokens = new long[rows.Length * width];
        var targets = new bool[tokens.Length];
        var causal = new bool[tokens.Length];
        var weights = new float[tokens.Length];
        var layouts = new Layout[rows.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            var line = row * width;
            layouts[row] = Lay(rows[row], drawings[row].Partition, width);
            Tokens(rows[row]).CopyTo(tokens.AsSpan(line));
            MarkTargets(drawings[row].Partition, targets.AsSpan(line, width), causal.AsSpan(line, width));
            weights.AsSpan(line, width).Fill((float)drawings[row].TargetWeight);
        }

        Tensor Shaped(Tensor flat) => flat.reshape(rows.Length, width).to(device);
        FSharpOption<Tensor> Where(bool wanted, Func<Tensor> flat) =>
            wanted ? FSharpOption<Tensor>.Some(Shaped(flat())) : FSharpOption<Tensor>.None;
        return new Batch(
            Shaped(tensor(tokens)),
            CompiledMask.layouts(device, layouts),
            Shaped(tensor(targets)),
            Where(weights.AsSpan().ContainsAnyExcept(1f), () => tensor(weights)),
            Where(withCausal && causal.Contains(true), () => tensor(causal)));
    }

    /// <summary>What a grouping may look at in a row: its length, BOS included, and where words and sentences start.</summary>
    public Shape ShapeOf(Row row)
    {
        var document = corpus.Documents[row.Document];
        int[] Within(int[] starts) =>
            [0, 1, .. starts.Where(start => start > row.Start && start < row.Start + row.Length).Select(start => start - row.Start + 1)];
        return new Shape(row.Length + 1, [], Within(document.WordStarts), Within(document.SentenceStarts));
    }

    /// <summary>BOS and the tokens of the row.</summary>
    public long[] Tokens(Row row) =>
        [corpus.Bos, .. corpus.Documents[row.Document].Tokens.Skip(row.Start).Take(row.Length).Select(token => (long)token)];

    /// <summary>Real positions under their partition; what follows them is padding, which nobody sees.</summary>
    private static Layout Lay(Row row, Model.Partition partition, int width)
    {
        var length = row.Length + 1;
        var groups = new int[width];
        PartitionModule.groupOf(partition).CopyTo(groups, 0);
        var padding = new bool[width];
        padding.AsSpan(length).Fill(true);
        return new Layout(groups, padding, new int[width]);
    }

    private static void MarkTargets(Model.Partition partition, Span<bool> targets, Span<bool> causal)
    {
        var length = PartitionModule.length(partition);
        var singletons = true;
        for (var position = 0; position < length; position++)
        {
            targets[position] = !PartitionModule.isEvidence(position, partition);
            singletons &= PartitionModule.rankOf(position, partition) == position;
        }

        if (singletons)
        {
            causal[1..length].Fill(true);
        }
    }
}

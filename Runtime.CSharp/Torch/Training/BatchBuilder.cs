using A3.Model;
using A3.Tensors;
using A3.Torch.Data;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>Turns rows of the corpus and one drawing per row into the tensors of a step, whose passes compute in a number type.</summary>
internal sealed class BatchBuilder(Corpus corpus, TorchSharp.torch.Device device, ScalarType computes)
{
    /// <summary>
    /// The batch of these rows under their drawings, one row a line; padded to the longest row. The tensors belong to the
    /// caller's dispose scope.
    /// </summary>
    public Batch Build(Row[] rows, SampledLayout[] drawings, bool withCausal) =>
        Build([.. rows.Select(row => new[] { row })], drawings, withCausal);

    /// <summary>
    /// The batch of these lines, the rows of each behind one another, under the drawings of their rows in that order; padded to
    /// the longest line; with causal targets where they are wanted and some row has them. Rows of a line are documents of their
    /// own and do not see each other; RoPE counts on over the line, which a row cannot tell, because attention depends on
    /// distances only. The tensors belong to the caller's dispose scope.
    /// </summary>
    public Batch Build(Row[][] lines, SampledLayout[] drawings, bool withCausal)
    {
        var width = lines.Max(line => line.Sum(row => row.Positions));
        var tokens = new long[lines.Length * width];
        var (targets, causal, weights) = (new List<long>(), new List<long>(), new List<float>());
        var layouts = new Layout[lines.Length];
        var next = 0;
        for (var line = 0; line < lines.Length; line++)
        {
            layouts[line] = Empty(width);
            var start = 0;
            foreach (var row in lines[line])
            {
                var place = (line * width) + start;
                var (partition, weight) = (drawings[next].Partition, (float)drawings[next].TargetWeight);
                Lay(layouts[line], start, next, partition);
                Tokens(row).CopyTo(tokens.AsSpan(place));
                AddTargets(partition, place, targets, causal);
                weights.AddRange(Enumerable.Repeat(weight, targets.Count - weights.Count));
                start += row.Positions;
                next++;
            }
        }

        Tensor Placed(Tensor host) => Numbers.place(device, host);
        FSharpOption<Tensor> Where(bool wanted, Func<Tensor> host) =>
            wanted ? FSharpOption<Tensor>.Some(Placed(host())) : FSharpOption<Tensor>.None;
        return new Batch(
            Placed(tensor(tokens).reshape(lines.Length, width)),
            CompiledMask.layouts(device, layouts),
            StreamRowsModule.choose(device, computes, layouts, [.. targets], withCausal ? [.. causal] : []),
            Placed(tensor(targets.ToArray())),
            Where(weights.Any(weight => weight != 1), () => tensor(weights.ToArray())),
            weights.Sum(weight => (double)weight),
            Where(withCausal && causal.Count > 0, () => tensor(causal.ToArray())));
    }

    /// <summary>What a grouping may look at in a row: its length, BOS included, and where words and sentences start.</summary>
    public SequenceLayout LayoutOf(Row row)
    {
        var document = corpus.Documents[row.Document];
        int[] Within(int[] starts) =>
            [0, 1, .. starts.Where(start => start > row.Start && start < row.Start + row.Length).Select(start => start - row.Start + 1)];
        return new SequenceLayout(row.Length + 1, [], Within(document.WordStarts), Within(document.SentenceStarts));
    }

    /// <summary>BOS and the tokens of the row.</summary>
    public long[] Tokens(Row row) =>
        [corpus.Bos, .. corpus.Documents[row.Document].Tokens.Skip(row.Start).Take(row.Length).Select(token => (long)token)];

    /// <summary>A line of padding, which nobody sees.</summary>
    private static Layout Empty(int width)
    {
        var padding = new bool[width];
        padding.AsSpan().Fill(true);
        return new Layout(new int[width], padding, new int[width]);
    }

    /// <summary>The positions of a row as one document under its partition.</summary>
    private static void Lay(Layout line, int start, int document, Model.Partition partition)
    {
        PartitionModule.groupOf(partition).CopyTo(line.Group, start);
        var length = PartitionModule.length(partition);
        line.Padding.AsSpan(start, length).Clear();
        line.Document.AsSpan(start, length).Fill(document);
    }

    /// <summary>Adds the places that a row is learned at: in the batch, from <paramref name="place"/> on.</summary>
    private static void AddTargets(Model.Partition partition, int place, List<long> targets, List<long> causal)
    {
        var length = PartitionModule.length(partition);
        for (var position = 0; position < length; position++)
        {
            if (!PartitionModule.isEvidence(position, partition))
            {
                targets.Add(place + position);
            }
        }

        var prefix = Math.Min(PartitionModule.causalPrefix(partition), length - 1);
        causal.AddRange(Enumerable.Range(place, prefix).Select(at => (long)at));
    }
}

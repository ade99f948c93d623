using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>What an adaptive run knows: the tokens so far and the open positions; not thread-safe.</summary>
internal sealed class AdaptiveRun(Canvas canvas, IGroupChooser chooser, SamplingOptions sampling, Seed seed)
{
    private readonly Sampler sampler = new(sampling, seed, canvas.Vocabulary);
    private readonly double[] weights = new double[canvas.Vocabulary];

    public int[] Tokens { get; } = [.. canvas.Tokens];

    /// <summary>Positions without a token, ascending.</summary>
    public int[] Open { get; private set; } = [.. PartitionModule.targets(canvas.Partition).SelectMany(group => group).Order()];

    public int[] Candidates()
    {
        var candidates = chooser.Candidates(Open);
        return candidates.Length > 0 ? candidates : throw new InvalidOperationException("The policy named no candidate.");
    }

    /// <summary>Chooses among candidates whose logits are the rows of the last pass, draws a token for each chosen one and commits it.</summary>
    public ImmutableArray<DecodedToken> Commit(int step, int[] candidates, CountedSequence sequence)
    {
        var prospects = new Prospect[candidates.Length];

        for (var row = 0; row < candidates.Length; row++)
        {
            prospects[row] = Prospect.Of(candidates[row], sequence.Logits(row), weights);
        }

        var chosen = chooser.Choose(step, prospects);
        var drawn = ImmutableArray.CreateBuilder<DecodedToken>(chosen.Length);

        foreach (var position in chosen)
        {
            drawn.Add(sampler.Draw(position, sequence.Logits(Array.IndexOf(candidates, position))));
        }

        var group = drawn.MoveToImmutable();
        PartitionRows.Commit(group, Tokens);
        Open = [.. Open.Except(chosen)];
        return group;
    }
}
